using Seguro.Core;

namespace Seguro.Node.Members;

/// <summary>What ends a member: a part of it failed in a way that nobody foresaw.</summary>
static class Fault
{
    private const int Frames = 4;

    /// <summary>The error to end with; one that says itself what it is stays as it is.</summary>
    /// <param name="what">The part that failed.</param>
    /// <param name="failed">How.</param>
    public static SeguroException Of(string what, Exception failed) => failed as SeguroException ?? new SeguroException(
        ErrorCode.Unexpected,
        $"{what}: {failed.GetType().Name}: {failed.Message} ({string.Join(" < ", (failed.StackTrace ?? "").Split('\n').Take(Frames).Select(static frame => frame.Trim()))})",
        "Please report this; start the member again.",
        failed);
}
