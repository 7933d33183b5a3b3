using NSec.Cryptography;
using Seguro.Core;

namespace Seguro.Harbor.Format;

/// <summary>What the owner has: identities that open the objects, and the public key of the host that signs them. Belongs on no host. Dispose of it to have the secrets wiped.</summary>
public sealed class OwnerKey : IDisposable
{
    private OwnerKey(IReadOnlyList<AgeIdentity> identities, PublicKey signer)
    {
        Identities = identities;
        Signer = signer;
    }

    internal IReadOnlyList<AgeIdentity> Identities { get; }

    internal PublicKey Signer { get; }

    /// <summary>Reads <c>NAME.identity</c>.</summary>
    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.ExposedSecret"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.BadValue"/>.</exception>
    public static OwnerKey Read(string path)
    {
        string[] lines = HarborKeys.ReadLines(path, "identity");
        byte[] signer = HarborKeys.Comment(path, lines, HarborKeys.Signer);
        AgeIdentity[] identities = [.. lines.Where(static line => line.Length > 0 && line[0] != '#').Select(line => AgeIdentity.TryParse(line)
            ?? throw new SeguroException(ErrorCode.BadValue, $"{path} has a line that is no identity of age's", "An identity begins with AGE-SECRET-KEY-1."))];
        return identities.Length > 0 && PublicKey.TryImport(SignatureAlgorithm.Ed25519, signer, KeyBlobFormat.RawPublicKey, out PublicKey? known)
            ? new OwnerKey(identities, known!)
            : throw new SeguroException(ErrorCode.BadValue, $"{path} has no identity, or no signer's key", "Use the file that `seguro harbor key new` made.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AgeIdentity identity in Identities)
            identity.Dispose();
    }
}
