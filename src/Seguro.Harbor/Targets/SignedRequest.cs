using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Seguro.Harbor.Format;

namespace Seguro.Harbor.Targets;

/// <summary>The header by which a request to a harbor's service says whose it is (docs/harbor-format.md, "The service").</summary>
/// <param name="Key">The public key.</param>
/// <param name="Time">When it was made, milliseconds since 1970.</param>
/// <param name="Nonce">16 random bytes, in hexadecimal digits: no two requests of a key have the same.</param>
/// <param name="Body">The SHA-256 of the body, in hexadecimal digits.</param>
/// <param name="Signature">Ed25519.</param>
internal sealed record SignedRequest(string Key, long Time, string Nonce, string Body, byte[] Signature)
{
    /// <summary>The scheme's name in <c>Authorization</c>.</summary>
    public const string Scheme = "Seguro-Harbor-1";

    /// <summary>The SHA-256 of nothing.</summary>
    public const string NoBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const int LongestHeader = 512;
    private const int NonceDigits = 32;
    private const int SignatureDigits = 128;

    /// <summary>The nonce, as a number.</summary>
    public UInt128 Number => UInt128.Parse(Nonce, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>Signs a request; gives what stands behind the scheme's name.</summary>
    public static string Sign(AccessKey key, string method, string host, string target, DateTimeOffset now, string body)
    {
        long time = now.ToUnixTimeMilliseconds();
        string nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NonceDigits / 2));
        byte[] signature = key.Sign(Text(method, host, target, time, nonce, body));
        return string.Create(CultureInfo.InvariantCulture, $"{key.PublicText} {time} {nonce} {body} {Convert.ToHexStringLower(signature)}");
    }

    /// <summary>Takes a header apart; <see langword="null"/> where it is none.</summary>
    public static SignedRequest? Parse(string header)
    {
        if (header.Length > LongestHeader || header.Split(' ') is not [Scheme, var key, var time, var nonce, var body, var signature])
            return null;
        return long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out long at)
            && IsHex(key, NoBody.Length) && IsHex(nonce, NonceDigits) && IsHex(body, NoBody.Length) && IsHex(signature, SignatureDigits)
            ? new SignedRequest(key, at, nonce, body, Convert.FromHexString(signature))
            : null;
    }

    /// <summary>Whether the key's owner signed just this request.</summary>
    public bool IsGenuine(string method, string host, string target) => AccessKey.IsGenuine(Key, Text(method, host, target, Time, Nonce, Body), Signature);

    private static byte[] Text(string method, string host, string target, long time, string nonce, string body) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"seguro harbor request 1\n{method}\n{host}\n{target}\n{time}\n{nonce}\n{body}"));

    private static bool IsHex(string text, int digits) => text.Length == digits && text.All(char.IsAsciiHexDigitLower);
}
