namespace Seguro.Nouns;

/// <summary>Lists (<c>[a [b ~]]</c>), paths and units.</summary>
public static class NounList
{
    /// <summary>The list of these nouns.</summary>
    public static Noun Of(params ReadOnlySpan<Noun> items)
    {
        Noun list = Atom.Zero;
        for (int i = items.Length - 1; i >= 0; i--)
            list = new Cell(items[i], list);
        return list;
    }

    /// <summary>The items of a list, one by one.</summary>
    /// <exception cref="NounException">It does not end in 0 (found only when the end is reached).</exception>
    public static IEnumerable<Noun> Items(Noun list)
    {
        Noun rest = list;
        while (rest is Cell cell)
        {
            yield return cell.Head;
            rest = cell.Tail;
        }
        if (rest is not Atom { Words: null, Low: 0 })
            throw NounException.Shape("a list does not end in ~", rest);
    }

    /// <summary>The path of these parts: <c>/a/b</c> is <c>['a' 'b' ~]</c>.</summary>
    public static Noun Path(params ReadOnlySpan<string> parts)
    {
        Noun path = Atom.Zero;
        for (int i = parts.Length - 1; i >= 0; i--)
            path = new Cell(Cord.Of(parts[i]), path);
        return path;
    }

    /// <summary>A path as text: <c>/a/b</c>; an empty part shows as nothing between two strokes; the empty path is <c>/</c>.</summary>
    /// <exception cref="NounException">It is not a list of atoms.</exception>
    public static string PathText(Noun path)
    {
        string text = "";
        foreach (Noun part in Items(path))
            text += "/" + Cord.Text(part as Atom ?? throw NounException.Shape("a path has a part that is not a cord", part));
        return text.Length == 0 ? "/" : text;
    }

    /// <summary>The unit of a value: <c>[~ value]</c>.</summary>
    public static Noun Some(Noun value) => new Cell(Atom.Zero, value);

    /// <summary>The value of a unit, or null for the empty one.</summary>
    /// <exception cref="NounException">It is not a unit.</exception>
    public static Noun? Unit(Noun unit) => unit switch
    {
        Atom { Words: null, Low: 0 } => null,
        Cell { Head: Atom { Words: null, Low: 0 } } some => some.Tail,
        _ => throw NounException.Shape("not a unit", unit),
    };
}
