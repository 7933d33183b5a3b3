using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>Ends a computation within the machine; it is caught by the virtual machine it happens in, or at the top.</summary>
sealed class NockCrash(string mote = "exit") : Exception
{
    private List<Noun>? _inner;

    public string Mote { get; } = mote;

    /// <summary>A crash of the handler of opcode 12 is not one of the computation that asked: only virtual machines up to this level may catch it.</summary>
    public int CaughtUpTo { get; set; } = int.MaxValue;

    /// <summary>A hint that was open. Always false, for use as an exception filter: filters run innermost first, before anything is unwound.</summary>
    public bool Passing(Noun hint)
    {
        (_inner ??= []).Add(hint);
        return false;
    }

    /// <summary>The open hints, given those that the machine had noted.</summary>
    public Noun Trace(Noun outer)
    {
        for (int i = (_inner?.Count ?? 0) - 1; i >= 0; i--)
            outer = new Cell(_inner![i], outer);
        return outer;
    }
}

/// <summary>Opcode 12 asked for what is not known: the virtual machine blocks.</summary>
sealed class NockBlock(Noun path) : Exception
{
    public Noun Path { get; } = path;
}
