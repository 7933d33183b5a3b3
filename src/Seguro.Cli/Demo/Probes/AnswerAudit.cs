using Seguro.Core;

namespace Seguro.Cli.Demo.Probes;

/// <summary>What came of comparing a client's answers with the log.</summary>
/// <param name="Answered">How many datagrams were answered.</param>
/// <param name="Lost">Of those, how many are in no event of the log.</param>
/// <param name="Phantoms">Answers of events that are not in the log, or are other events there.</param>
/// <param name="Repeats">Answers that came a second time.</param>
/// <param name="OutOfOrder">Answers whose event is not after the one before.</param>
/// <param name="Head">The end of the log that they were compared with.</param>
/// <param name="Evidence">The first and the last of the answers that are lost or phantoms, for people; empty where there are none.</param>
public sealed record AnswerAudit(long Answered, long Lost, long Phantoms, long Repeats, long OutOfOrder, Position Head, string Evidence);
