using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Vere.Rehearsal;

/// <summary>What came of a rehearsal.</summary>
/// <param name="Ship">Whose pier it was.</param>
/// <param name="Binary">The new runtime's program.</param>
/// <param name="Digest">Its SHA-256, in hexadecimal: a verdict holds for this file only.</param>
/// <param name="From">The runtime of the pier's newest epoch before; empty where that is not known.</param>
/// <param name="To">The same afterwards; empty where it did not come so far.</param>
/// <param name="Head">The pier's last event.</param>
/// <param name="At">When it ended.</param>
/// <param name="Steps">Its steps, in order.</param>
public sealed record RehearsalVerdict(Ship Ship, string Binary, string Digest, string From, string To, EventNumber Head, DateTimeOffset At, IReadOnlyList<RehearsalStep> Steps)
{
    /// <summary>The new runtime may have the ship.</summary>
    public bool HasPassed => Steps.Count > 0 && Steps.All(static step => step.IsGood) && Steps.Any(static step => step is { Name: VereRehearsal.Migrate, Outcome: RehearsalOutcome.Ok });

    /// <summary>The digest of a program.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.FileAccess"/>: it can't be read, or is not there.</exception>
    public static string DigestOf(string binary)
    {
        try
        {
            using FileStream file = File.OpenRead(binary);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(binary, refused);
        }
    }
}
