using Seguro.Core;
using Seguro.Nouns;

namespace Seguro.Nock.Pills;

/// <summary>What a ship is booted from (vere-facts.md §4.3).</summary>
public abstract record Pill
{
    private Pill()
    {
    }

    /// <summary>Takes a pill apart.</summary>
    /// <exception cref="NounException">It is no pill.</exception>
    public static Pill Of(Noun noun) => noun switch
    {
        Cell { Head: Atom tag, Tail: Cell { Head: Noun kind, Tail: Cell { Head: Noun formulas, Tail: Cell { Head: Noun modules, Tail: Noun user } } } } when tag == "pill" =>
            new Boot(kind, ListOf(formulas), ListOf(modules), ListOf(user)),
        Cell { Head: Atom tag, Tail: Cell { Head: Cell { Head: Noun kind, Tail: Cell { Head: Noun formulas, Tail: Cell { Head: Noun modules, Tail: Noun user } } } } } when tag == "cash" =>
            new Boot(kind, ListOf(formulas), ListOf(modules), ListOf(user)), // what follows is a cache that a runtime need not have
        Cell { Head: Atom tag, Tail: Noun events } when tag == "ivory" => new Ivory(events),
        _ => throw NounException.Shape("not a pill, which begins [%pill or [%cash or [%ivory", noun),
    };

    private static IReadOnlyList<Noun> ListOf(Noun list) => [.. NounList.Items(list)];

    /// <summary>A pill that a ship boots from.</summary>
    /// <param name="Kind">What it calls itself: <c>%brass</c>, <c>%solid</c>.</param>
    /// <param name="Formulas">The first events: formulas, of which the kernel comes to be.</param>
    /// <param name="Modules">Ova <c>[wire card]</c> that make the kernel's modules.</param>
    /// <param name="User">Ova that bring the user's software.</param>
    public sealed record Boot(Noun Kind, IReadOnlyList<Noun> Formulas, IReadOnlyList<Noun> Modules, IReadOnlyList<Noun> User) : Pill;

    /// <summary>The small kernel of the runtime's own side: no ship boots from it.</summary>
    /// <param name="Events">What its kernel comes from: a list of formulas.</param>
    public sealed record Ivory(Noun Events) : Pill;
}
