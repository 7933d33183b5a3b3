namespace Seguro.Core;

/// <summary>
/// What a member does in a role: what each word and each answer does in it, and how it goes on. What is said here is so in every role that does not say otherwise; an answer whose role is over
/// comes to the role that followed.
/// </summary>
internal abstract class MemberRole(MemberState member, Processing processing)
{
    private protected readonly MemberState _member = member;
    private protected readonly Processing _processing = processing;

    /// <summary>Does what an input means in this role.</summary>
    public void Take(MemberInput input)
    {
        switch (input)
        {
            case MemberInput.Received { Message: MemberMessage.Ack ack } received:
                _member.Lease.SeeTerm(ack.Term);
                OnAck(received.From, ack);
                break;
            case MemberInput.LeaseObserved observed:
                _member.Lease.Observed(observed.Lease, _member.Now);
                break;
            case MemberInput.StateRead read:
                _member.Progress.StateRead();
                OnStateRead(read);
                break;
            case MemberInput.EventsRead read:
                OnEventsRead(read);
                break;
            case MemberInput.Campaigned campaigned:
                _member.Lease.Campaigned(campaigned.Outcome, campaigned.Sent);
                OnCampaigned(campaigned);
                break;
            case MemberInput.Poked poked:
                _member.Ship.Poked();
                OnPoked(poked.Computations);
                break;
            case MemberInput.EventsApplied applied when _member.Ship.IsApplying:
                OnApplied(applied);
                break;
            case MemberInput.EventsApplied applied:
                _member.Ship.Adopted(applied.Results.Count);
                OnAdopted(applied);
                break;
            case MemberInput.ShipRestored restored:
                _member.Restored(restored.Ship);
                OnRestored();
                break;
            case MemberInput.ShipEnded ended:
                _member.Log.GiveBack(ended.Local);
                _member.Ship.Ended(ended.Local);
                OnShipEnded(ended);
                break;
            case MemberInput.LocalAppended appended:
                _member.Log.Appended(appended.Local);
                OnLocalAppended();
                break;
            case MemberInput.Quarantined quarantined:
                _member.Log.Quarantined(quarantined.Local);
                OnQuarantined(quarantined.Moved);
                break;
            case MemberInput.Resigned resigned:
                _member.Lease.Resigned(resigned.Outcome, _member.Now + _member.Options.LeaseDuration);
                TakeOfTenure(resigned);
                break;
            case MemberInput.Wished wished:
                OnWished(wished.Number, wished.Wish);
                break;
            default:
                TakeOfTenure(input);
                break;
        }
    }

    /// <summary>The member comes to this role, and has not gone on in it yet.</summary>
    public virtual void Enter()
    {
    }

    /// <summary>Goes on with all that can go on; the role may be another after it.</summary>
    public abstract void Pump();

    /// <summary>A master says something; its term and its name do not contradict what is known here.</summary>
    /// <param name="from">Who.</param>
    /// <param name="push">What.</param>
    /// <param name="isNewer">Its term was not known here before.</param>
    public virtual void OnPush(string from, MemberMessage.Push push, bool isNewer)
    {
        if (push.Lease.Term >= _member.Lease.Term)
            _member.Lease.See(push.Lease, _member.Now);
    }

    private protected virtual void OnAck(string from, MemberMessage.Ack ack)
    {
    }

    private protected virtual void OnStateRead(MemberInput.StateRead read)
    {
    }

    /// <summary>Who asked for events does not want them any more.</summary>
    private protected virtual void OnEventsRead(MemberInput.EventsRead read) => _processing.ForgetRead();

    /// <summary>It was asked for in a role that is over: what was won is given back.</summary>
    private protected virtual void OnCampaigned(MemberInput.Campaigned campaigned)
    {
        if (campaigned.Outcome is LeaseOutcome.Done unwanted)
            _member.Resign(unwanted.Lease);
    }

    /// <summary>The mastership that wanted it is over, and nobody keeps it.</summary>
    private protected virtual void OnPoked(IReadOnlyList<Computation> computations) => _member.Ship.Stray();

    /// <summary>Committed events were applied to the ship.</summary>
    private protected virtual void OnApplied(MemberInput.EventsApplied applied) => _processing.OnApplied(applied);

    /// <summary>What a master adopted; its mastership ended meanwhile, and nobody keeps it.</summary>
    private protected virtual void OnAdopted(MemberInput.EventsApplied applied) => _member.Ship.Stray();

    private protected virtual void OnRestored()
    {
    }

    private protected virtual void OnShipEnded(MemberInput.ShipEnded ended)
    {
    }

    private protected virtual void OnLocalAppended()
    {
    }

    private protected virtual void OnQuarantined(IReadOnlyList<Event> moved)
    {
    }

    private protected virtual void OnWished(ulong number, Wish wish) => _member.Emit(new MemberOutput.Answer(number, new SeguroException(
        ErrorCode.StoreUnavailable,
        $"{_member.Options.Name} is not master", _member.Lease.Master.Length > 0 ? $"Ask {_member.Lease.Master}." : "Wait until there is a master, and repeat.")));

    /// <summary>Answers that come in the role that asked for them, or not at all.</summary>
    private protected virtual void TakeOfTenure(MemberInput input)
    {
    }
}
