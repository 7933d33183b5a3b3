using Seguro.Nouns;

namespace Seguro.Nock.Kernels;

/// <summary>Writes Nock formulas in C#, with names in place of axes (opcodes: vere-facts.md §4.1).</summary>
/// <remarks>
/// Meant for <c>using static</c>. A name is looked up in the subject of the formula it stands in: <see cref="Let(string, Formula, Formula)"/>,
/// <see cref="Loop"/>, <see cref="Gate"/> and <see cref="CoreOf"/> each put something in front of the subject and move all axes.
/// </remarks>
public static class Formulas
{
    /// <summary>A crash, wherever it is reached.</summary>
    public static Formula Crash { get; } = Fixed(Cell.Of(0, 0));

    /// <summary>A constant.</summary>
    public static Formula Value(Noun value) => Fixed(new Cell(1, value));

    /// <summary>A constant cord.</summary>
    public static Formula Text(string text) => Value(Cord.Of(text));

    /// <summary>A tuple of two or more.</summary>
    public static Formula Tuple(params ReadOnlySpan<Formula> items)
    {
        Formula tuple = items[^1];
        for (int i = items.Length - 2; i >= 0; i--)
        {
            Formula head = items[i];
            Formula tail = tuple;
            tuple = new Formula(scope => new Cell(head.In(scope), tail.In(scope)));
        }
        return tuple;
    }

    /// <summary>A list.</summary>
    public static Formula List(params ReadOnlySpan<Formula> items) => Tuple([.. items, 0]);

    /// <summary>The first half of a cell.</summary>
    public static Formula Head(Formula cell) => Part(cell, 2);

    /// <summary>The second half of a cell.</summary>
    public static Formula Tail(Formula cell) => Part(cell, 3);

    /// <summary>Is it a cell?</summary>
    public static Formula IsCell(Formula noun) => new(scope => Cell.Of(3, noun.In(scope)));

    /// <summary>The next number.</summary>
    public static Formula Next(Formula number) => new(scope => Cell.Of(4, number.In(scope)));

    /// <summary>Are they the same?</summary>
    public static Formula Same(Formula left, Formula right) => new(scope => Cell.Of(5, left.In(scope), right.In(scope)));

    /// <summary>One or the other.</summary>
    public static Formula If(Formula condition, Formula yes, Formula no) => new(scope => Cell.Of(6, condition.In(scope), yes.In(scope), no.In(scope)));

    /// <summary>A formula in which a value has a name.</summary>
    public static Formula Let(string name, Formula value, Formula body) => new(scope => Cell.Of(8, value.In(scope), body.In(scope.Under(3).With(name, 2))));

    /// <summary>A formula in which a tuple has a name, and its items too.</summary>
    public static Formula Let(string name, IReadOnlyList<string> items, Formula value, Formula body) =>
        new(scope => Cell.Of(8, value.In(scope), body.In(scope.Under(3).With(name, 2).With(items, 2))));

    /// <summary>A formula that may be computed again with other values, by <see cref="Again"/> with the same name.</summary>
    public static Formula Loop(string name, Formula body) =>
        new(scope => Cell.Of(8, Cell.Of(1, body.In(scope.Under(3).With(name, 1))), 9, 2, 0, 1));

    /// <summary>The loop from its beginning, with other values for things that had their names before it.</summary>
    public static Formula Again(string loop, params (string Name, Formula Value)[] changes)
    {
        Formula changed = Edit(loop, changes);
        return new(scope => Cell.Of(9, 2, changed.In(scope)));
    }

    /// <summary>A named thing with other values for parts of it, which have names too.</summary>
    public static Formula Edit(string whole, params (string Name, Formula Value)[] changes) => new(scope =>
    {
        Noun edited = scope.Get(whole);
        foreach ((string name, Formula value) in changes)
            edited = Cell.Of(10, Cell.Of(scope.AxisOf(name, whole), value.In(scope)), edited);
        return edited;
    });

    /// <summary>A gate: <c>[formula sample context]</c>, the context being the subject. The sample is a tuple of what has these names.</summary>
    public static Formula Gate(IReadOnlyList<string> sample, Formula body) =>
        new(scope => Cell.Of(8, Cell.Of(1, 0), Cell.Of(1, body.In(scope.Under(7).With(sample, 6))), 0, 1));

    /// <summary>Calls a gate with a sample, a tuple of these: what Hoon makes of <c>(gate a b c)</c>.</summary>
    public static Formula Call(Formula gate, params ReadOnlySpan<Formula> sample)
    {
        Formula tuple = Tuple(sample);
        return new(scope => Cell.Of(8, gate.In(scope), 9, 2, 10, Cell.Of(6, 7, Cell.Of(0, 3), tuple.In(scope)), 0, 2));
    }

    /// <summary>A core: <c>[battery payload]</c>, the payload being the subject, the battery a tuple of the arms. Has a name in its arms.</summary>
    public static Formula CoreOf(string name, params (string Name, Formula Body)[] arms) => new(scope =>
    {
        Scope inner = Inner(scope, name, arms);
        Noun battery = arms[^1].Body.In(inner);
        for (int i = arms.Length - 2; i >= 0; i--)
            battery = new Cell(arms[i].Body.In(inner), battery);
        return Cell.Of(new Cell(1, battery), 0, 1);
    });

    /// <summary>A formula whose subject is such a core, named as <c>%fast</c> does with the parent at axis 3; arms are gates, named with the parent at axis 7.</summary>
    public static Formula Layer(string name, (string Name, Formula Gate)[] arms, Formula then)
    {
        (string Name, Formula)[] named = [.. arms.Select(arm => (arm.Name, Fast(arm.Name, Cell.Of(0, 7), arm.Gate)))];
        Formula core = Fast(name, Cell.Of(0, 3), CoreOf(name, named));
        return new(scope => Cell.Of(7, core.In(scope), then.In(Inner(scope, name, named))));
    }

    /// <summary>A formula that makes a core, with its name for those who have jets: <c>[11 [%fast 1 name parent ~] formula]</c>.</summary>
    /// <param name="name">The name: a cord, or a cord and a number.</param>
    /// <param name="parent">The formula that finds the parent in the core; <c>[1 0]</c> where it has none.</param>
    /// <param name="core">What makes the core.</param>
    public static Formula Fast(Noun name, Noun parent, Formula core) => new(scope => Cell.Of(11, Cell.Of("fast", 1, name, parent, 0), core.In(scope)));

    private static Formula Fixed(Noun formula) => new(_ => formula);

    private static Scope Inner(Scope scope, string name, (string Name, Formula)[] arms) =>
        scope.Under(3).With(name, 1).WithArms([.. arms.Select(arm => arm.Name)]);

    private static Formula Part(Formula cell, ulong axis) => new(scope =>
        cell.In(scope) is Cell { Head: Atom { IsSmall: true, Low: 0 }, Tail: Atom { IsSmall: true } whole }
            ? Cell.Of(0, Scope.Peg(whole.Low, axis))
            : Cell.Of(7, cell.In(scope), 0, axis));
}
