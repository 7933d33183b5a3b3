namespace Seguro.Core;

/// <summary>Something that must be so in a member is not. <see cref="Member.Step"/> adds the member's state to it, and it ends the member.</summary>
internal sealed class BrokenInvariantException : InvalidOperationException
{
    public BrokenInvariantException()
    {
    }

    /// <param name="rule">What must be so.</param>
    public BrokenInvariantException(string rule)
        : base(rule)
    {
    }

    public BrokenInvariantException(string rule, Exception cause)
        : base(rule, cause)
    {
    }
}
