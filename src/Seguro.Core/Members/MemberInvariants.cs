using System.Globalization;

namespace Seguro.Core;

/// <summary>What must be so after each step of a member, in every build: where it is not, the member ends with its state in the message, before it says or writes anything that rests on it.</summary>
/// <remarks>Comparisons of what is at hand; nothing is computed. The simulator checks far more, with what nobody can know in life.</remarks>
internal static class MemberInvariants
{
    /// <summary>Ends the member where something is not so.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static void Check(MemberState member, bool isMaster)
    {
        string? broken = Find(member, isMaster);
        if (broken is not null)
            throw new InvalidOperationException($"A member's invariant does not hold: {broken}. {Describe(member)}");
    }

    private static string? Find(MemberState member, bool isMaster)
    {
        if (isMaster != member.Role is Role.Master)
            return "who serves is master, and nobody else";
        if (!member.IsLocalBusy && member.Local != member.LocalAsked)
            return "a local log that is not written ends where it was asked to end";
        // Before a member has compared its log with the store's, at a start or after a loss that the user accepted, what it calls committed is only what it has.
        bool isCompared = member.Role is not (Role.Rejoining or Role.Stopped) && !member.IsLossAccepted;
        if (isCompared && member.Committed.Number > member.EverCommitted.Number)
            return "what is committed here was committed";
        if (member.Proven.Number > member.EverCommitted.Number)
            return "what is proven was committed";
        if (isMaster)
        {
            Position tip = member.Tail.End;
            if (member.Committed.Number > tip.Number || member.Local.Number > tip.Number || member.LocalAsked.Number > tip.Number)
                return "a master has computed what it writes";
            // One that makes its events itself finds what its master adopted when it starts.
            bool isBehind = member.Options.MakesEvents && member.Ship.Number < tip.Number;
            if (!member.IsShipBusy && !isBehind && member.Ship != tip)
                return "a master's ship stands at the end of what it computed";
            if (member.Released > member.Committed.Number && member.Released > member.Settings.Released)
                return "the watermark that others hear of is not above what is committed";
        }
        else if (isCompared && member.Local.Number > member.EverCommitted.Number)
        {
            return "the local log of who is not master has nothing but what is committed";
        }
        return null;
    }

    private static string Describe(MemberState member) => string.Create(
        CultureInfo.InvariantCulture,
        $"{member.Options.Name} is {member.Role} of term {member.Term}; local {member.Local.Number} (asked {member.LocalAsked.Number}, busy {member.IsLocalBusy}), ship {member.Ship.Number} (asked {member.ShipAsked.Number}, busy {member.IsShipBusy}), "
        + $"committed {member.Committed.Number}, ever {member.EverCommitted.Number}, proven {member.Proven.Number}, received {member.Tail.End.Number}, released {member.Released}, of record {member.Settings.Released}");
}
