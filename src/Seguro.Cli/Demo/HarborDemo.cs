using System.Diagnostics;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Harbor.Reading;
using Seguro.Harbor.Restoring;
using Seguro.Harbor.Targets;
using Seguro.Harbor.Writing;
using Seguro.Piers;
using Seguro.Piers.Transfer;
using Seguro.Stores;

namespace Seguro.Cli.Demo;

/// <summary>
/// A ship's log that grows while two harbors follow it; the machine lost, one harbor corrupted; the log restored from both, compared byte for byte,
/// and opened with <c>age</c> by hand.
/// </summary>
internal sealed class HarborDemo(Terminal terminal, DemoInput input, string folder, bool json)
{
    private static readonly string[] Places = ["north", "south"];

    private const int Steps = 5;

    public async Task<HarborDemoResult> RunAsync(CancellationToken cancel)
    {
        string name = Path.Combine(folder, "zod");
        HarborKeys.Create(name, []);
        Say($"two files were made: {Path.GetFileName(HarborKeys.OwnerFile(name))} is the owner's and opens everything; {Path.GetFileName(HarborKeys.HostFile(name))} is the host's and opens nothing");
        string[] places = [.. Places.Select(place => Directory.CreateDirectory(Path.Combine(folder, place)).FullName)];
        IHarborTarget[] targets = [.. places.Select(static place => HarborTarget.Open($"file:{place}"))];
        Say($"the ship: {input.Described}");
        (Ship ship, Position head) = await LiveAsync(targets, name, cancel);
        File.Delete(Path.Combine(folder, "machine.db"));
        Say("the machine is lost: its log is deleted");
        string victim = Corrupt(places[0]);
        Say($"a byte of {victim} in the harbor north is changed");
        using OwnerKey owner = OwnerKey.Read(HarborKeys.OwnerFile(name));
        HarborReader reader = await HarborReader.OpenAsync(targets, owner, ship, damage => Say($"found: {Path.GetFileName(damage.Target)}: {damage.Name}: {damage.What}; taken from the other"), TimeProvider.System, cancel);
        string restored = Path.Combine(folder, "restored");
        await HarborRestore.ToPierAsync(reader, restored, input.VereVersion, null, null, TimeProvider.System, cancel);
        bool isEqual = reader.Head == head && Compare(input.Pier, restored, head.Number);
        Say($"restored {head.Number} events into a pier; compared byte for byte with the ship's own: {(isEqual ? "equal" : "NOT EQUAL")}");
        bool? byHand = await OpenByHandAsync(HarborKeys.OwnerFile(name), places[1], cancel);
        Say(byHand is null ? "age or zstd is not installed, so nothing was opened by hand" : $"age -d | zstd -d opened a segment by hand: {(byHand.Value ? "it begins with event 1" : "IT DOES NOT BEGIN WITH EVENT 1")}");
        return new HarborDemoResult(ship.Name, head.Number.Value, reader.Damage.Count, isEqual, byHand);
    }

    /// <summary>The ship's time on the machine that will be lost.</summary>
    private async Task<(Ship Ship, Position Head)> LiveAsync(IHarborTarget[] targets, string key, CancellationToken cancel)
    {
        await using IStore store = await StoreConnection.OpenAsync(StoreUrl.Parse($"sqlite:{Path.Combine(folder, "machine.db")}"), new StoreOptions { Create = true }, cancel);
        await using EventLog log = await PierImport.OpenLogAsync(input.Pier, store, cancel);
        return (log.Ship, await GrowAsync(log, targets, key, cancel));
    }

    /// <summary>The log grows in steps while both harbors follow it.</summary>
    private async Task<Position> GrowAsync(EventLog log, IHarborTarget[] targets, string key, CancellationToken cancel)
    {
        using HostKey host = HostKey.Read(HarborKeys.HostFile(key));
        await using WriterLease lease = await WriterLease.AcquireForImportAsync(log, "demo", TimeSpan.FromSeconds(10), TimeProvider.System, cancel);
        HarborBackup[] backups = [.. targets.Select(target => new HarborBackup(log, target, host, new BackupOptions { Within = TimeSpan.FromMilliseconds(100) }))];
        Position head = (await log.ReadStateAsync(cancel)).Head.Position;
        ulong each = Math.Max(1, (input.Last - head.Number) / Steps);
        while (head.Number < input.Last)
        {
            EventNumber to = input.Last - head.Number < 2 * each ? input.Last : head.Number + each;
            head = await PierCopy.RunAsync(input.Pier, log, lease.Term, head, to, static _ => { }, cancel);
            foreach (HarborBackup backup in backups)
                await backup.CatchUpAsync(cancel);
            Say($"the ship's log is at event {head.Number}; so are both harbors, in {backups[0].Status.Segments} segments, {ByteSize.Format(backups[0].Status.Bytes)} encrypted");
        }
        foreach (HarborBackup backup in backups)
            backup.Dispose();
        return head;
    }

    private static string Corrupt(string place)
    {
        string file = Directory.EnumerateFiles(place, "*", SearchOption.AllDirectories)
            .Where(static file => Path.GetDirectoryName(file)!.EndsWith("/e", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).First();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^20] ^= 1;
        File.WriteAllBytes(file, bytes);
        return Path.GetRelativePath(place, file);
    }

    private static bool Compare(Pier left, string other, EventNumber last)
    {
        using Pier right = Pier.Open(other, PierAccess.Offline);
        return left.Info.First == right.Info.First && right.Info.Last == last
            && left.Read(left.Info.First, last).Zip(right.Read(right.Info.First, last))
                .All(static pair => pair.First.Number == pair.Second.Number && pair.First.Payload.Span.SequenceEqual(pair.Second.Payload.Span));
    }

    /// <summary>The first eight bytes of the first segment, by Debian's tools: an event's number.</summary>
    private static async Task<bool?> OpenByHandAsync(string identity, string place, CancellationToken cancel)
    {
        if (!File.Exists("/usr/bin/age") || !File.Exists("/usr/bin/zstd"))
            return null;
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-c", "age -d -i \"$0\" \"$1\"/*/e/00000000000000000001 | zstd -dc 2>/dev/null | head -c 8 | od -An -tu8", identity, place])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        string number = await shell.StandardOutput.ReadToEndAsync(cancel);
        await shell.WaitForExitAsync(cancel);
        return number.Trim() == "1";
    }

    private void Say(string text)
    {
        if (!json)
            terminal.Output.WriteLine(text);
    }
}
