namespace Seguro.Nock;

/// <summary>What a profile saw of an arm.</summary>
public sealed class NockProfileLine(string label)
{
    /// <summary>The label of its core, and the axis where that is not 2.</summary>
    public string Label { get; } = label;

    /// <summary>How often its formula was computed.</summary>
    public long Calls { get; internal set; }

    /// <summary>The time while it was the innermost one with a name.</summary>
    public TimeSpan Own { get; internal set; }

    /// <summary>The time while it was on the stack.</summary>
    public TimeSpan Whole { get; internal set; }
}
