namespace Seguro.Core;

/// <summary>
/// What members tell each other for certain. A member whose own record shows that the store lost what it confirmed stands still, and says so until the store has it again or the user
/// accepted the loss; whoever hears that stands still, too, so that nothing is written over what was lost.
/// </summary>
internal sealed class Witness(MemberState member)
{
    private readonly SortedDictionary<string, bool> _shares = new(StringComparer.Ordinal);
    private bool _isApart;
    private TimeSpan _tellAgain;
    private TimeSpan _askAgain;
    private TimeSpan _heard = TimeSpan.MinValue / 2;

    private TimeSpan Patience => member.Options.LeaseDuration;

    /// <summary>Asks all others what they know: before this member serves.</summary>
    public void Ask() => TellAll();

    /// <summary>Tells one member what is known here.</summary>
    public void Testify(string to) => member.Emit(new MemberOutput.Send(to, Words()));

    /// <summary>Another member says what it knows.</summary>
    public void OnTestimony(string from, MemberMessage.Testimony said)
    {
        if (!member.Members.Contains(from) || said.Accepted < member.Settings.Accepted)
            return; // of a history that the user has given up
        bool isNews = said.Term > member.Lease.Term || said.Committed.Number > member.Progress.EverCommitted.Number;
        bool isOld = said.Term < member.Lease.Term || said.Committed.Number < member.Progress.EverCommitted.Number;
        if (!Sees(from, said.Term, said.Winner))
            return;
        member.Progress.See(said.Committed);
        if (isOld && !isNews && said.Loss is null)
            Testify(from);
        if (said.Loss is not { } loss)
            return;
        _heard = member.Now;
        // Who compares its log just now has the store's word soon; the proof is told again.
        if (member.Role is not (Role.Rejoining or Role.Stopped))
            member.Doubt($"{from} has proof: {loss}", null);
    }

    /// <summary>A term was won, another member says. False where this member knows another winner: it stands still then, for they do not share a store, or the store went back in time.</summary>
    public bool Sees(string from, Term term, string winner)
    {
        if (member.Lease.SeeTerm(term, winner))
            return true;
        if (member.Role is not Role.Stopped)
            member.Stop($"term {term} has two masters: {member.Lease.Winner}, and for {from} it is {winner}; either the store went back in time, or the members do not share one");
        return false;
    }

    /// <summary>
    /// Another member works with the same store, or with another one. Members that do not share a store are two clusters of one ship: this one stands still while, with itself, no more
    /// are known to share its store than not. So of three members the one with a wrong store stands still, and of two both do.
    /// </summary>
    /// <returns>True where that is over, and the member is to compare its log with the store again.</returns>
    public bool OnStoreCompared(string from, bool isShared)
    {
        if (member.Members.Contains(from))
            _shares[from] = isShared;
        string[] others = [.. _shares.Where(pair => !pair.Value && member.Members.Contains(pair.Key)).Select(static pair => pair.Key)];
        int sharing = 1 + _shares.Count(pair => pair.Value && member.Members.Contains(pair.Key));
        string names = string.Join(", ", others);
        if (others.Length < sharing)
        {
            if (others.Length == 0)
                member.ClearWarning("stores");
            else
                member.SetWarning("stores", $"{names} {(others.Length == 1 ? "works" : "work")} with another store than this member, and {(others.Length == 1 ? "has" : "have")} no part in the cluster: see the key store in the configurations.");
            if (!_isApart || member.Role is not Role.Stopped)
                return false;
            _isApart = false;
            member.Trust();
            return true;
        }
        if (member.Role is not Role.Stopped)
        {
            _isApart = true;
            member.Stop($"{names} {(others.Length == 1 ? "works" : "work")} with another store than this member: two stores of one ship would make two ships of it (SG{(int)ErrorCode.OtherStore}). "
                + "See the key store in the configurations; set it right, and start those members again");
        }
        return false;
    }

    /// <summary>This member stands still: it tells the others why, and looks whether that is over.</summary>
    public void Pump()
    {
        if (!member.IsStoreDoubted)
            return;
        if (member.Now >= _tellAgain)
        {
            _tellAgain = member.Now + Patience;
            TellAll();
        }
        if (member.Now >= _askAgain && member.AskState())
            _askAgain = member.Now + (Patience * 2);
    }

    /// <summary>The store was put right: it has all that it confirmed, or the user accepted the loss; and nobody has said otherwise for a while.</summary>
    public bool IsSettled(MemberInput.StateRead read)
    {
        if (!member.IsStoreDoubted || read.State is not { } state)
            return false;
        member.SeeAccepted(read.Settings.Accepted);
        member.SeeLoss(member.Progress.FindLoss(state, read.Common));
        return member.Loss is null && member.Now - _heard > Patience * 3;
    }

    private void TellAll()
    {
        foreach (string name in member.Members)
        {
            if (name != member.Options.Name)
                Testify(name);
        }
    }

    private MemberMessage.Testimony Words() => new(member.Lease.Term, member.Lease.Winner, member.Progress.EverCommitted, member.Settings.Accepted, member.Loss);
}
