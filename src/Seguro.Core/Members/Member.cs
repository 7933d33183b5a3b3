namespace Seguro.Core;

/// <summary>A member of a cluster: all that it decides, as a state machine. Nothing happens in it but by <see cref="Step"/>.</summary>
/// <remarks>Not safe for two threads at a time.</remarks>
public sealed class Member
{
    /// <summary>Makes a member that waits for <see cref="MemberInput.Started"/>.</summary>
    public Member(MemberOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Status = new MemberStatus
        {
            Name = options.Name,
            Role = Role.Rejoining,
            Term = Term.None,
            Master = "",
            Durable = Position.Origin,
            Processed = Position.Origin,
            Committed = Position.Origin,
            Released = EventNumber.None,
            Optimism = options.InitialOptimism,
            Members = options.Members,
        };
    }

    /// <summary>How it stands.</summary>
    public MemberStatus Status { get; private set; }

    /// <summary>Takes an input, and adds what is to be done about it to <paramref name="outputs"/>, in order.</summary>
    /// <param name="now">The time by the member's own monotonic clock; never before that of an earlier call. No two members' clocks are ever compared.</param>
    /// <param name="input">What happened.</param>
    /// <param name="outputs">Receives what is to be done.</param>
    public void Step(TimeSpan now, MemberInput input, IList<MemberOutput> outputs)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(outputs);
        Status = Status with { Role = Role.Rejoining };
    }
}
