namespace Seguro.Core;

/// <summary>Stands still. Its ship and its local log finish what they were asked; others are told why, and where the store is doubted it is looked at again.</summary>
internal sealed class Stopped(MemberState member, Processing processing, Witness witness, Rejoin rejoin) : MemberRole(member, processing)
{
    public override void Pump() => witness.Pump();

    public override void OnPush(string from, MemberMessage.Push push, bool isNewer)
    {
        base.OnPush(from, push, isNewer);
        if (push.Lease.Term != _member.Lease.Term)
            return;
        _member.Lease.Follow(from);
        Position local = _member.Log.End;
        _member.Emit(new MemberOutput.Send(from, new MemberMessage.Ack(_member.Lease.Term, local, local, _member.Processed, Gap: false, _member.StopReason)));
    }

    private protected override void OnStateRead(MemberInput.StateRead read)
    {
        if (!witness.IsSettled(read))
            return;
        _member.Trust();
        rejoin.Begin("the store has what it confirmed");
    }
}
