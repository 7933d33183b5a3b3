using Seguro.Core;

namespace Seguro.Piers.LocalLogs;

/// <summary>The member's own log is not what was written to it: its bytes, its tables, its files. Not a disk that can't be read, nor a log of somebody else.</summary>
public sealed class DamagedLogException : SeguroException
{
    /// <summary>Makes it of what reading the log found.</summary>
    public DamagedLogException(SeguroException found)
        : base(Check(found).Code, found.Message, found.NextStep, found)
    {
    }

    /// <summary>What says that a log, which was there and is being opened, is damaged.</summary>
    internal static bool IsAtOpening(SeguroException error) =>
        IsWhileReading(error) || error.Code is ErrorCode.NotAPier or ErrorCode.NotFound or ErrorCode.BadShipName or ErrorCode.Diverged; // the last: its end is not what was recorded of it

    /// <summary>What says so of a log that is open.</summary>
    internal static bool IsWhileReading(SeguroException error) => error is not DamagedLogException && error.Code is ErrorCode.Corrupt or ErrorCode.Gap or ErrorCode.BadEvent;

    private static SeguroException Check(SeguroException found)
    {
        ArgumentNullException.ThrowIfNull(found);
        return found;
    }
}
