using Seguro.Core;

namespace Seguro.Piers;

/// <summary>Whether the veres of a generation would open a pier as it lies there, and why, or why not.</summary>
/// <remarks>From what each generation checks when it starts (vere-facts.md §1.3, §13.8; vere's <c>disk.c</c> at 2.12, 3.5 and 4.6), not by trying it.</remarks>
/// <param name="From">The first of them.</param>
/// <param name="To">The last of them.</param>
/// <param name="Opens">They would.</param>
/// <param name="Why">A clause for people.</param>
public sealed record VereVerdict(VereVersion From, VereVersion To, bool Opens, string Why)
{
    private const string Chk = ".urb/chk/";
    private const ulong NewestOldLayout = 4;

    /// <summary>A verdict for each generation that Seguro knows, the oldest first.</summary>
    public static IReadOnlyList<VereVerdict> Of(PierInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        return [.. LogFormat.Known.Select(format => Of(info, format))];
    }

    private static VereVerdict Of(PierInfo info, LogFormat format)
    {
        (bool opens, string why) = Judge(info, format.Layout);
        return new VereVerdict(format.First, format.Last, opens, why);
    }

    private static (bool Opens, string Why) Judge(PierInfo info, PierLayout vere)
    {
        LoomImage? old = Live(info, static layout => layout <= NewestOldLayout);
        LoomImage? modern = Live(info, static layout => layout > NewestOldLayout);
        if (info.Layout > vere)
            return (false, info.Layout is PierLayout.EpochsV4 && vere is PierLayout.EpochsV3 ? "its epochs are of format 2" : "its log is in epochs");
        LoomImage? used = info.Layout is PierLayout.EpochsV4 ? modern : old;
        if (used?.Event > info.Last)
            return (false, $"its snapshot is of event {used.Event}, and its log ends at {info.Last}");
        if (vere is PierLayout.EpochsV4 && info.Layout is not PierLayout.EpochsV4)
        {
            return old?.Event == info.Last
                ? (true, "moves log and snapshot to its own format, for good")
                : (false, "it moves an older log only with a snapshot of the log's end beside it: start and stop the ship once with vere 3.5, which makes one");
        }
        EventNumber start = info.Epochs[^1].Start;
        if (start != EventNumber.None && (used is null || used.Event < start))
            return (false, $"its newest epoch begins after event {start}, and there is no snapshot of that event or a later one in {Chk}");
        if (vere != info.Layout)
            return (true, "moves the log into epochs, for good");
        bool isBound = info.Layout is PierLayout.EpochsV4 && (used is null ? start != EventNumber.None : used.Event != info.Last);
        return (true, isBound && info.VereVersion.Length > 0 ? $"only {info.VereVersion} itself, until its snapshot is of the log's end" : "as it is");
    }

    private static LoomImage? Live(PierInfo info, Func<ulong, bool> isLayout) =>
        info.Images.FirstOrDefault(image => image.File.StartsWith(Chk, StringComparison.Ordinal) && isLayout(image.Layout));
}
