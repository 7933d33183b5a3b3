using System.CommandLine;
using System.Text.Json;
using Seguro.Cli.Output;
using Seguro.Core;
using Seguro.Files;
using Seguro.Node.Configuration;
using Seguro.Node.Members;
using Seguro.Piers;
using Seguro.Vere.Rehearsal;
using Seguro.Vere.Running;

namespace Seguro.Cli.Commands.Veres;

/// <summary><c>seguro vere upgrade</c>: a member that was stopped, and was a replica, goes over to a vere that was rehearsed.</summary>
internal static class VereUpgradeCommand
{
    private static readonly TimeSpan GoodFor = TimeSpan.FromDays(30);
    private static readonly Option<string> Binary = new("--binary") { Description = "The new vere, rehearsed on this member (seguro vere rehearse).", HelpName = "PATH", Required = true };

    public static Command Create(Terminal terminal) =>
        new Command("upgrade", "Let a stopped member, a replica, go over to a vere that was rehearsed on it: its pier is taken over, its configuration names the new vere. Member by member, the master last.")
        {
            Binary, AdminTarget.Configuration,
        }.Does(terminal, async (parse, cancel) =>
        {
            string file = Path.GetFullPath(parse.GetRequiredValue(AdminTarget.Configuration));
            NodeConfiguration member = AdminTarget.ReadConfiguration(parse);
            if (member.VereBinary is not { } old)
                throw new SeguroException(ErrorCode.Unsupported, $"{member.Ship} does not run on a vere (ship:kind)", "There is nothing to upgrade.");
            string binary = Path.GetFullPath(parse.GetRequiredValue(Binary));
            string pier = Path.Combine(member.Folder, "pier");
            RequireRehearsal(member, binary, file);
            RequireReplica(member, pier, file);
            EventNumber head;
            using (Seguro.Piers.Pier before = Seguro.Piers.Pier.Open(pier, PierAccess.Offline))
                head = before.Info.Last;
            using (PrintLog prints = new(member.Folder))
            {
                // A new runtime takes over a snapshot of the log's end, and no other.
                await PlayAsync(terminal, prints, old, pier, cancel);
                await PlayAsync(terminal, prints, binary, pier, cancel);
            }
            using (Seguro.Piers.Pier after = Seguro.Piers.Pier.Open(pier, PierAccess.Offline))
            {
                if (after.Info.Last != head)
                    throw new SeguroException(ErrorCode.Different, $"the log of {pier} ended at event {head}, and ends at {after.Info.Last} now", $"Don't start the member. Move the pier away (mv {pier} {pier}.away): it is made anew from the cluster.");
            }
            ConfigurationEdit.Apply(file, new Dictionary<string, string> { ["vere:binary"] = binary });
            if (parse.GetValue(CommonOptions.Json))
                terminal.Json(new { member = member.Self.Name, binary, head = head.Value });
            else
                terminal.Output.WriteLine($"{member.Self.Name} runs on {binary} from now on. Start it (seguro run -c {file}), and go on with the next member when `seguro status` shows it in step; before the last one, the master: seguro cluster stepdown --to {member.Self.Name}");
            return 0;
        });

    private static void RequireRehearsal(NodeConfiguration member, string binary, string file)
    {
        string rehearse = $"Rehearse first, while the members run: `seguro vere rehearse --binary {binary} -c {file}`. Nothing was changed.";
        string path = Path.Combine(member.Folder, VereRehearseCommand.VerdictFile);
        if (!File.Exists(path))
            throw new SeguroException(ErrorCode.RehearsalFailed, $"{binary} was not rehearsed on {member.Self.Name}", rehearse);
        using JsonDocument verdict = ReadVerdict(path, rehearse);
        JsonElement said = verdict.RootElement;
        if (said.GetProperty("sha256").GetString() != RehearsalVerdict.DigestOf(binary) || said.GetProperty("ship").GetString() != member.Ship.Name)
            throw new SeguroException(ErrorCode.RehearsalFailed, $"what was rehearsed on {member.Self.Name} was another vere, {said.GetProperty("binary").GetString()}, or another ship", rehearse);
        if (!said.GetProperty("passed").GetBoolean())
            throw new SeguroException(ErrorCode.RehearsalFailed, $"the rehearsal of {binary} on {member.Self.Name} failed", $"Stay with the vere that it has. {rehearse}");
        if (DateTimeOffset.UtcNow - said.GetProperty("at").GetDateTimeOffset() > GoodFor)
            throw new SeguroException(ErrorCode.RehearsalFailed, $"the rehearsal of {binary} on {member.Self.Name} is older than {GoodFor.TotalDays:0} days", rehearse);
    }

    private static JsonDocument ReadVerdict(string path, string rehearse)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(path));
        }
        catch (JsonException damaged)
        {
            throw new SeguroException(ErrorCode.RehearsalFailed, $"{path} is not what a rehearsal writes", rehearse, damaged);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(path, refused);
        }
    }

    /// <summary>What only this member has must not get into a snapshot, nor an epoch.</summary>
    private static void RequireReplica(NodeConfiguration member, string pier, string file)
    {
        if (Seguro.Piers.Pier.FindHolder(pier) is { IsHeld: true } hold)
            throw new SeguroException(ErrorCode.PierLocked, $"{member.Self.Name} runs (process {hold.ProcessId})", $"Hand over where it is master (`seguro cluster stepdown -c {file}`), stop it, and repeat. Nothing was changed.");
        if (EvidenceFile.Read(member.Folder) is { MayBeAhead: true })
        {
            throw new SeguroException(
                ErrorCode.Unconfirmed, $"{member.Self.Name} was master when it ended: its log may end with events that the cluster never got",
                $"Start it once more (`seguro run -c {file}`), wait until `seguro status` calls it a replica, stop it, and repeat. Nothing was changed.");
        }
    }

    private static async Task PlayAsync(Terminal terminal, PrintLog prints, string binary, string pier, CancellationToken cancel)
    {
        terminal.Note($"{binary} play {pier}");
        ChildProcess play = await ChildProcess.StartAsync("urbit play", binary, ["play", pier]);
        Task printing = Task.WhenAll(prints.TakeAsync(play.Output), prints.TakeAsync(play.Error));
        int code;
        await using (cancel.Register(play.Kill))
            code = await play.Exited;
        await printing;
        cancel.ThrowIfCancellationRequested();
        if (code != 0)
            throw new SeguroException(ErrorCode.ProcessFailed, $"`{binary} play {pier}` ended with exit code {code}", "See vere.log in the member's folder. The configuration still names the vere that it had: start the member again with that.");
    }
}
