using System.Globalization;
using Seguro.Core;
using Seguro.Piers;
using Seguro.Vere.Running;

namespace Seguro.Vere.Disk;

/// <summary>
/// The epochs of a pier of vere's, as its own verbs begin and end them (vere-facts.md §1.3, §1.5): <c>roll</c> begins one with a copy of the snapshot, which must be of the log's last event, and
/// <c>chop</c> deletes all but the newest two. Each is looked at afterwards: an epoch that was not finished has cost people ships.
/// </summary>
/// <remarks>Nobody else may use the pier meanwhile. vere makes both durable itself; killed at any moment, what it left is what vere drops, or does again, when it opens the pier next.</remarks>
public static class PierEpochs
{
    /// <summary>Where vere's epochs lie.</summary>
    private const string Log = ".urb/log";

    /// <summary>The events after which epochs begin, in order.</summary>
    public static IReadOnlyList<EventNumber> Starts(string pier) =>
        [.. Directory.EnumerateDirectories(Path.Combine(pier, Log), "0i*").Select(static folder => StartOf(Path.GetFileName(folder))).OfType<EventNumber>().Order()];

    /// <summary>Is the newest epoch of the format of vere 4.0 and later? Of those before, the king has the log, and nothing was tried.</summary>
    public static bool AreOfFour(string pier)
    {
        try
        {
            return Starts(pier) is [.., var newest] && File.ReadAllText(Path.Combine(FolderOf(pier, newest), "epoc.txt")).Trim() == "2";
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>How large the newest epoch's log is on the disk, in bytes; it only grows.</summary>
    public static long NewestBytes(string pier) =>
        Starts(pier) is [.., var newest] && new FileInfo(Path.Combine(FolderOf(pier, newest), "data.mdb")) is { Exists: true } file ? file.Length : 0;

    /// <summary>Begins an epoch at the log's end.</summary>
    /// <param name="binary">The vere, 4.0 or later.</param>
    /// <param name="pier">The pier. A snapshot that lacks the last events is brought there first.</param>
    /// <param name="head">The log's end.</param>
    /// <param name="prints">Takes what vere prints.</param>
    /// <param name="soon">Ends it while the snapshot is brought to the log's end, which may take long.</param>
    /// <param name="cancel">Ends it, and vere.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.ProcessFailed"/>: vere refused; <see cref="ErrorCode.Different"/>: what it made is not what it should be.</exception>
    public static async Task RollAsync(string binary, string pier, EventNumber head, PrintLog prints, CancellationToken soon, CancellationToken cancel)
    {
        using (CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(soon, cancel))
            await RunAsync(binary, "play", pier, prints, both.Token); // which itself rolls in epoch 0
        if (Starts(pier)[^1] != head)
            await RunAsync(binary, "roll", pier, prints, cancel);
        using Pier after = Open(pier);
        bool hasImage = after.Info.Images.Any(image => Path.GetDirectoryName(image.File) == Path.Combine(Log, Name(head)) && image.Event == head);
        if (after.Info.Last != head || after.Info.Epochs[^1].Start != head || !after.Info.Epochs[^1].IsEmpty || !hasImage)
            throw Wrong(pier, "roll", $"the log was to have an empty epoch after event {head}, with a snapshot of that event");
    }

    /// <summary>Deletes all epochs but the newest two.</summary>
    /// <exception cref="SeguroException">As <see cref="RollAsync"/>.</exception>
    public static async Task ChopAsync(string binary, string pier, EventNumber head, PrintLog prints, CancellationToken cancel)
    {
        IReadOnlyList<EventNumber> kept = [.. Starts(pier).TakeLast(2)];
        await RunAsync(binary, "chop", pier, prints, cancel);
        using Pier after = Open(pier);
        if (after.Info.Last != head || !Starts(pier).SequenceEqual(kept) || (after.Info.First <= head && after.Info.First != kept[0].Next))
            throw Wrong(pier, "chop", $"the log was to have the epochs after {string.Join(" and ", kept)}, and to end at event {head}");
    }

    private static async Task RunAsync(string binary, string verb, string pier, PrintLog prints, CancellationToken cancel)
    {
        ChildProcess run = await ChildProcess.StartAsync($"urbit {verb}", "nice", ["-n", "10", binary, verb, pier]);
        Task printing = Task.WhenAll(prints.TakeAsync(run.Output), prints.TakeAsync(run.Error));
        int code;
        await using (cancel.Register(run.Kill))
            code = await run.Exited;
        await printing;
        cancel.ThrowIfCancellationRequested();
        if (code != 0)
            throw new SeguroException(ErrorCode.ProcessFailed, $"`{binary} {verb} {pier}` ended with exit code {code}", "See vere.log in the member's folder. The log is as it was.");
    }

    private static Pier Open(string pier) => Pier.Open(pier, PierAccess.Offline);

    private static string FolderOf(string pier, EventNumber start) => Path.Combine(pier, Log, Name(start));

    private static string Name(EventNumber start) => string.Create(CultureInfo.InvariantCulture, $"0i{start}");

    private static EventNumber? StartOf(string name) => ulong.TryParse(name[2..], NumberStyles.None, CultureInfo.InvariantCulture, out ulong start) ? new EventNumber(start) : null;

    private static SeguroException Wrong(string pier, string verb, string expected) => new(
        ErrorCode.Different, $"after `urbit {verb}` the pier {pier} is not as it should be: {expected}", "Nothing more is done to it. Look with `seguro pier inspect --live`; report it.");
}
