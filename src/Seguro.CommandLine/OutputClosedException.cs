namespace Seguro.CommandLine;

/// <summary>Whoever read standard output is gone, as <c>head</c> is when it has what it wants: the command ends, and says nothing.</summary>
internal sealed class OutputClosedException : Exception
{
    /// <summary>What a shell sees of a program that SIGPIPE ended: 128 and the signal's number.</summary>
    public const int ExitCode = 128 + 13;

    public OutputClosedException()
        : base("Nobody reads standard output any more.")
    {
    }
}
