using System.Globalization;

namespace Seguro.Node.Members;

/// <summary>A process was computing an ovum when it ended, or is doing so for long.</summary>
/// <param name="Digest">The ovum's digest.</param>
/// <param name="Witness">A life of a member, <c>NAME@LIFE</c>: each counts once.</param>
public readonly record struct Suspicion(uint Digest, string Witness)
{
    /// <summary>The member in the witness's name.</summary>
    public string Member => Witness[..Math.Max(0, Witness.IndexOf('@', StringComparison.Ordinal))];

    /// <summary>Reads a line of the form that <see cref="ToString"/> writes; <see langword="null"/> where it is none.</summary>
    public static Suspicion? Parse(string line)
    {
        string[] words = line.Split(' ');
        return words is [{ Length: 8 } digest, { Length: > 1 and <= 100 } witness] && witness.IndexOf('@', StringComparison.Ordinal) > 0
            && uint.TryParse(digest, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint number) && number != 0
            ? new Suspicion(number, witness)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Digest:x8} {Witness}");
}
