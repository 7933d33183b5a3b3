using Seguro.Core;

namespace Seguro.Sdk;

/// <summary>What a log holds, and who writes it.</summary>
/// <param name="First">The first event that it holds, or would hold where it is empty: 1, or more where it was trimmed or began later.</param>
/// <param name="Number">The last event's number; <paramref name="First"/> − 1 in an empty log.</param>
/// <param name="Chain">The chain at that number.</param>
/// <param name="Term">The term in force: the number of the newest mastership.</param>
/// <param name="Writer">Who holds the lease; empty where nobody does. The holder may be dead: only a campaign finds out.</param>
/// <param name="Bytes">The sum of the events' sizes.</param>
public sealed record LogHead(ulong First, ulong Number, Chain Chain, ulong Term, string Writer, long Bytes);
