namespace Seguro.Testing;

/// <summary>One random operation on a log, in numbers that mean something only together with the state that it meets.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="A">Where, or with what; a free number.</param>
/// <param name="B">Another free number.</param>
/// <param name="Twist">0 to 9: mostly the writer knows what is true; here is where it is wrong.</param>
public readonly record struct LogOperation(LogOperationKind Kind, int A, int B, int Twist);

/// <summary>What a <see cref="LogOperation"/> does.</summary>
public enum LogOperationKind
{
    /// <summary>Appends one to three small events.</summary>
    Append,
    /// <summary>Repeats the last append.</summary>
    AppendAgain,
    /// <summary>Stages fragments and leaves them there.</summary>
    Abandon,
    /// <summary>Stages an event and appends it.</summary>
    AppendStaged,
    /// <summary>Campaigns.</summary>
    Campaign,
    /// <summary>Renews the lease.</summary>
    Renew,
    /// <summary>Resigns.</summary>
    Resign,
    /// <summary>Changes metadata.</summary>
    SetMetadata,
    /// <summary>Trims.</summary>
    Trim,
    /// <summary>Reads a range of events.</summary>
    Read,
    /// <summary>Reads a chain.</summary>
    ReadChain,
    /// <summary>Goes on with another client.</summary>
    Reopen,
}
