using System.Globalization;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>Inputs, outputs and messages in short, for people.</summary>
internal static class TraceText
{
    public static string Of(MemberInput input) => input switch
    {
        MemberInput.Started started => Text($"Started local {Of(started.Local)} ship {Of(started.Ship)}"),
        MemberInput.Heard heard => Text($"Heard {heard.Ovum.Digest:x}"),
        MemberInput.Poked poked => Text($"Poked {string.Join(' ', poked.Computations.Select(Of))}"),
        MemberInput.Made made => Text($"Made {string.Join(' ', made.Events.Select(Of))}"),
        MemberInput.ShipEnded ended => Text($"ShipEnded local {Of(ended.Local)}: {ended.Reason}"),
        MemberInput.EventsApplied applied => Text($"EventsApplied {applied.Results.Count} {applied.Failure}"),
        MemberInput.ShipRestored restored => Text($"ShipRestored {Of(restored.Ship)}"),
        MemberInput.LocalAppended appended => Text($"LocalAppended {Of(appended.Local)}"),
        MemberInput.Quarantined quarantined => Text($"Quarantined to {Of(quarantined.Local)}, moved {Of(quarantined.Moved)}"),
        MemberInput.StoreAppended appended => Text($"StoreAppended {Of(appended.Result.Outcome)} reached {Of(appended.Result.Reached)}"),
        MemberInput.Campaigned campaigned => Text($"Campaigned {Of(campaigned.Outcome)}"),
        MemberInput.NodeSeen { Node: { } node } => Text(
            $"NodeSeen epoch {node.Epoch} until {node.Deadline.TotalMilliseconds:0.0} ms, ended {string.Join(' ', node.Ended.Select(static pair => $"{pair.Key}:{pair.Value}"))} {node.Lost}"),
        MemberInput.Renewed renewed => Text($"Renewed {Of(renewed.Outcome)}"),
        MemberInput.Resigned resigned => Text($"Resigned {Of(resigned.Outcome)}"),
        MemberInput.LeaseObserved observed => Text($"LeaseObserved {(observed.Lease is { } lease ? Of(lease) : "nothing")}"),
        MemberInput.StateRead read => read.State is { } state
            ? Text($"StateRead base {state.Base.Number} head {Of(state.Head.Position)} {Of(state.Lease)} common {Of(read.Common)} {Of(read.Settings)}")
            : "StateRead nothing",
        MemberInput.EventsRead read => Text($"EventsRead after {Of(read.After)}: {Of(read.Events)}{(read.Diverged ? " DIVERGED" : "")}"),
        MemberInput.SettingsWritten written => Text($"SettingsWritten {Of(written.Outcome)}"),
        MemberInput.Trimmed trimmed => Text($"Trimmed {Of(trimmed.Outcome)}"),
        MemberInput.Archived archived => Text($"Archived {archived.Through}"),
        MemberInput.Received received => Text($"Received from {received.From}: {Of(received.Message)}"),
        MemberInput.Wished { Wish: Wish.ChangeMembers change } wished => Text($"Wished {wished.Number}: join {string.Join(' ', change.Join)}, leave {string.Join(' ', change.Leave)}"),
        MemberInput.Wished wished => Text($"Wished {wished.Number}: {wished.Wish}"),
        MemberInput.Released released => Text($"Released {released.Number}"),
        _ => input.GetType().Name,
    };

    public static string Of(MemberOutput output) => output switch
    {
        MemberOutput.Poke poke => Text($"Poke {string.Join(' ', poke.Ova.Select(static ovum => ovum.Digest.ToString("x", CultureInfo.InvariantCulture)))}"),
        MemberOutput.RunShip run => Text($"RunShip term {run.Term} at {Of(run.Head)}"),
        MemberOutput.Apply apply => Text($"Apply {Of(apply.Events)}"),
        MemberOutput.RestoreShip restore => Text($"RestoreShip at most {restore.AtMost}"),
        MemberOutput.Snapshot snapshot => Text($"Snapshot {Of(snapshot.Position)}"),
        MemberOutput.AppendLocal append => Text($"AppendLocal {Of(append.Events)}"),
        MemberOutput.Quarantine quarantine => Text($"Quarantine above {Of(quarantine.Last)}: {quarantine.Reason}"),
        MemberOutput.AppendStore append => Text($"AppendStore term {append.Term} after {Of(append.Previous)}: {Of(append.Events)}"),
        MemberOutput.Campaign campaign => Text($"Campaign expecting {Of(campaign.Expected)}"),
        MemberOutput.Renew renew => Text($"Renew {Of(renew.Held)}"),
        MemberOutput.Resign resign => Text($"Resign {Of(resign.Held)}"),
        MemberOutput.Read read => Text($"Read after {Of(read.After)} to {read.Last}"),
        MemberOutput.ReadLocal read => Text($"ReadLocal after {Of(read.After)} to {read.Last}"),
        MemberOutput.WriteSettings write => Text($"WriteSettings term {write.Term} {Of(write.Settings)}"),
        MemberOutput.Trim trim => Text($"Trim below {trim.First}"),
        MemberOutput.Send send => Text($"Send to {send.To}: {Of(send.Message)}"),
        MemberOutput.Release release => Text(
            $"Release term {release.Term} to {release.Last}{(release.Degraded ? " degraded" : "")}, effects of {string.Join(' ', release.Effects.Select(static effect => effect.Number.ToString()))}"),
        MemberOutput.RoleChanged changed => Text($"RoleChanged {changed.Role} term {changed.Term}{(changed.Reason.Length > 0 ? $": {changed.Reason}" : "")}"),
        MemberOutput.Answer answer => Text($"Answer {answer.Number}: {answer.Refusal?.Message ?? "in force"}"),
        MemberOutput.Warn warn => Text($"Warn {warn.Text}"),
        MemberOutput.Dropped dropped => Text($"Dropped {dropped.Count}: {dropped.Reason}"),
        _ => output.GetType().Name,
    };

    private static string Of(MemberMessage message) => message switch
    {
        MemberMessage.Push push => Text(
            $"Push {Of(push.Lease)} after {Of(push.Previous)}: {Of(push.Events)}, committed {Of(push.Committed)}, released {push.Released}, {push.Settings.Optimism}"),
        MemberMessage.Ack ack => Text(
            $"Ack term {ack.Term} received {Of(ack.Received)} durable {Of(ack.Durable)} processed {Of(ack.Processed)} {ack.Stopped}"),
        _ => message.GetType().Name,
    };

    private static string Of(Computation computation) => computation is Computation.Accepted accepted ? accepted.Number.ToString() : "refused";

    private static string Of(Position position) => Text($"{position.Number}:{position.Chain.ToString()[..4]}");

    private static string Of(Lease lease) => Text($"term {lease.Term} of '{lease.Holder}' #{lease.Renewals}");

    private static string Of(ClusterSettings settings) =>
        Text($"optimism {settings.Optimism}, members {(settings.Members is { } members ? string.Join(' ', members) : "none")}, released {settings.Released}");

    private static string Of(IReadOnlyList<Event> events) => events.Count switch
    {
        0 => "no events",
        1 => Text($"event {events[0].Number}:{events[0].Chain.ToString()[..4]}"),
        _ => Text($"events {events[0].Number}…{events[^1].Number}:{events[^1].Chain.ToString()[..4]}"),
    };

    private static string Of(WriteOutcome outcome) => outcome switch
    {
        WriteOutcome.Fenced fenced => Text($"Fenced by {Of(fenced.Current)}"),
        WriteOutcome.Conflict conflict => Text($"Conflict head {Of(conflict.Current.Head.Position)}"),
        WriteOutcome.Unknown unknown => Text($"Unknown ({unknown.Cause})"),
        _ => outcome.GetType().Name,
    };

    private static string Of(LeaseOutcome outcome) => outcome switch
    {
        LeaseOutcome.Done done => Text($"Done {Of(done.Lease)}"),
        LeaseOutcome.Lost lost => Text($"Lost to {Of(lost.Current)}"),
        LeaseOutcome.Unknown unknown => Text($"Unknown ({unknown.Cause})"),
        _ => outcome.GetType().Name,
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
