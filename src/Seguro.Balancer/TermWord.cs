namespace Seguro.Balancer;

/// <summary>What a member said last of terms.</summary>
internal sealed class TermWord
{
    /// <summary>The highest term that it says it knows, or is master in.</summary>
    public ulong Term { get; set; }

    /// <summary>When, by the balancer's own clock.</summary>
    public long Heard { get; set; }

    /// <summary>It raised the term once, and nobody backed it: its word alone does not count any more.</summary>
    public bool IsDoubted { get; set; }
}
