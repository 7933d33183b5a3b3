using System.Globalization;

namespace Seguro.Core;

/// <summary>What must be so after each step of a member, in every build: where it is not, the member ends with its state in the message, before it says or writes anything that rests on it.</summary>
/// <remarks>Comparisons of what is at hand; nothing is computed. The simulator checks far more, with what nobody can know in life.</remarks>
internal static class MemberInvariants
{
    /// <summary>Ends the member where something is not so.</summary>
    /// <exception cref="BrokenInvariantException">It is not.</exception>
    public static void Check(MemberState member, bool isMaster)
    {
        if (Find(member, isMaster) is { } broken)
            throw new BrokenInvariantException(broken);
    }

    /// <summary>Where a member stands, for the report of what is not so.</summary>
    public static string Describe(MemberState member) => string.Create(
        CultureInfo.InvariantCulture,
        $"{member.Options.Name} is {member.Role} of term {member.Lease.Term}; local {member.Log.End.Number} (asked {member.Log.Asked.Number}, busy {member.Log.IsBusy}), ship {member.Ship.Position.Number} (asked {member.Ship.Asked.Number}, busy {member.Ship.IsBusy}), "
        + $"committed {member.Progress.Committed.Number}, ever {member.Progress.EverCommitted.Number}, proven {member.Progress.Proven.Number}, received {member.Tail.End.Number}, released {member.Progress.Released}, of record {member.Settings.Released}");

    private static string? Find(MemberState member, bool isMaster)
    {
        if (isMaster != member.Role is Role.Master)
            return "who serves is master, and nobody else";
        // Before a member has compared its log with the store's, at a start or after a loss that the user accepted, what it calls committed is only what it has.
        bool isCompared = member.Role is not (Role.Rejoining or Role.Stopped) && !member.Progress.IsLossAccepted;
        if (isCompared && member.Progress.Committed.Number > member.Progress.EverCommitted.Number)
            return "what is committed here was committed";
        if (member.Progress.Proven.Number > member.Progress.EverCommitted.Number)
            return "what is proven was committed";
        if (isMaster)
        {
            Position tip = member.Tail.End;
            if (member.Progress.Committed.Number > tip.Number || member.Log.End.Number > tip.Number || member.Log.Asked.Number > tip.Number)
                return "a master has computed what it writes";
            // One that makes its events itself finds what its master adopted when it starts.
            bool isBehind = member.Options.MakesEvents && member.Ship.Position.Number < tip.Number;
            if (!member.Ship.IsBusy && !isBehind && member.Ship.Position != tip)
                return "a master's ship stands at the end of what it computed";
            if (member.Progress.Released > member.Progress.Committed.Number && member.Progress.Released > member.Settings.Released)
                return "the watermark that others hear of is not above what is committed";
        }
        else if (isCompared && member.Log.End.Number > member.Progress.EverCommitted.Number)
        {
            return "the local log of who is not master has nothing but what is committed";
        }
        return null;
    }
}
