using System.Collections.Immutable;
using System.Numerics;
using Seguro.Nouns;

namespace Seguro.Nock.Kernels;

/// <summary>Where the things that have names lie in the subject of a formula.</summary>
sealed class Scope
{
    private readonly ImmutableDictionary<string, Place> _places;

    private Scope(ImmutableDictionary<string, Place> places) => _places = places;

    /// <summary>Nothing has a name.</summary>
    public static Scope Empty { get; } = new(ImmutableDictionary<string, Place>.Empty);

    /// <summary>The axis in the noun at <paramref name="outer"/> as an axis in the whole (Hoon's <c>peg</c>).</summary>
    public static ulong Peg(ulong outer, ulong inner)
    {
        int below = 63 - BitOperations.LeadingZeroCount(inner);
        if (BitOperations.LeadingZeroCount(outer) <= below)
            throw new InvalidOperationException("A place lies deeper than 63 levels.");
        return (outer << below) | (inner ^ (1UL << below));
    }

    /// <summary>The axis of a tuple's item, from 0: the last one is the rest of the cells.</summary>
    public static ulong Item(int index, int count)
    {
        ulong axis = 1;
        for (int i = 0; i < index; i++)
            axis = Peg(axis, 3);
        return index == count - 1 ? axis : Peg(axis, 2);
    }

    /// <summary>The same things, where the subject has become a part of another, at <paramref name="axis"/> of it.</summary>
    public Scope Under(ulong axis) => new(_places.ToImmutableDictionary(place => place.Key, place => place.Value with { Axis = Peg(axis, place.Value.Axis) }));

    /// <summary>With a name for what lies at an axis.</summary>
    public Scope With(string name, ulong axis) => new(_places.SetItem(name, new Place(axis, 0)));

    /// <summary>With names for the items of a tuple at an axis.</summary>
    public Scope With(IReadOnlyList<string> names, ulong axis)
    {
        Scope scope = this;
        for (int i = 0; i < names.Count; i++)
            scope = scope.With(names[i], Peg(axis, Item(i, names.Count)));
        return scope;
    }

    /// <summary>With names for a core's arms; the core is the whole subject.</summary>
    public Scope WithArms(IReadOnlyList<string> names)
    {
        ImmutableDictionary<string, Place>.Builder places = _places.ToBuilder();
        for (int i = 0; i < names.Count; i++)
            places[names[i]] = new Place(1, Peg(2, Item(i, names.Count)));
        return new Scope(places.ToImmutable());
    }

    /// <summary>The formula that gets what has the name: a part of the subject, or the product of an arm.</summary>
    public Noun Get(string name)
    {
        Place place = Find(name);
        return place.Arm == 0 ? Cell.Of(0, place.Axis) : Cell.Of(9, place.Arm, 0, place.Axis);
    }

    /// <summary>The axis of what has the name and is no arm.</summary>
    public ulong AxisOf(string name)
    {
        Place place = Find(name);
        return place.Arm == 0 ? place.Axis : throw new InvalidOperationException($"'{name}' is an arm.");
    }

    /// <summary>The axis of a thing within another that it lies in.</summary>
    public ulong AxisOf(string name, string within)
    {
        ulong axis = AxisOf(name);
        ulong outer = AxisOf(within);
        int below = BitOperations.LeadingZeroCount(outer) - BitOperations.LeadingZeroCount(axis);
        return below >= 0 && axis >> below == outer
            ? (axis & ((1UL << below) - 1)) | (1UL << below)
            : throw new InvalidOperationException($"'{name}' is no part of '{within}'.");
    }

    private Place Find(string name) => _places.TryGetValue(name, out Place place) ? place : throw new InvalidOperationException($"Nothing is called '{name}' here.");

    /// <summary>A part of the subject; or, where Arm is not 0, the arm at that axis of the core there.</summary>
    private readonly record struct Place(ulong Axis, ulong Arm);
}
