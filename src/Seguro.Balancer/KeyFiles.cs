using Seguro.Core;

namespace Seguro.Balancer;

/// <summary>The two kinds of key files: a member's own key, and the balancer's ring.</summary>
public static class KeyFiles
{
    /// <summary>A member's: 64 hexadecimal digits, white space around them allowed.</summary>
    /// <exception cref="SeguroException">Those of <see cref="KeyFile{T}"/>.</exception>
    public static KeyFile<MemberKey> LoadKey(string path) => KeyFile<MemberKey>.Load(path, static (text, where) => MemberKey.TryParse(text.AsSpan().Trim(), out MemberKey? key)
        ? key!
        : throw new SeguroException(ErrorCode.BadValue, $"{where} is not a member's key: it must hold {MemberKey.Size * 2} hexadecimal digits", KeyRing.MakeNew));

    /// <summary>The balancer's: a <see cref="KeyRing"/>.</summary>
    /// <exception cref="SeguroException">Those of <see cref="KeyFile{T}"/>.</exception>
    public static KeyFile<KeyRing> LoadRing(string path) => KeyFile<KeyRing>.Load(path, KeyRing.Parse);
}
