namespace Seguro.Core;

/// <summary>An error that a person can act on: a stable code, what happened and where, and what to do next.</summary>
public class SeguroException : Exception
{
    /// <summary>Makes an error.</summary>
    /// <param name="code">The stable code.</param>
    /// <param name="what">What happened, where, with the values that matter; no final stop; no secret.</param>
    /// <param name="nextStep">What the reader can do about it: a full sentence.</param>
    /// <param name="inner">The cause, where there is one.</param>
    public SeguroException(ErrorCode code, string what, string nextStep, Exception? inner = null)
        : base(what, inner)
    {
        Code = code;
        NextStep = nextStep;
    }

    /// <summary>The stable code.</summary>
    public ErrorCode Code { get; }

    /// <summary>The code as people write it, such as <c>SG1004</c>.</summary>
    public string CodeText => $"SG{(int)Code}";

    /// <summary>What the reader can do about it.</summary>
    public string NextStep { get; }

    /// <summary>The exit code of a command that ends with this error: the thousands digit of the code.</summary>
    public int ExitCode => (int)Code / 1000;
}
