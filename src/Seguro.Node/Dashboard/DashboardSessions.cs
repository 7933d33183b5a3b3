using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Seguro.Node.Dashboard;

/// <summary>
/// Who showed the token in a browser: a cookie stands for it afterwards, so that the token itself is kept nowhere. A cookie says until when it is good and is
/// signed with a key of this process: it ends with the process, and nothing is kept for it.
/// </summary>
/// <remarks>For any thread.</remarks>
sealed class DashboardSessions(TimeProvider time)
{
    /// <summary>How long one lasts.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromHours(12);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    /// <summary>Makes a session that begins now.</summary>
    public string Begin()
    {
        string until = (time.GetUtcNow() + Length).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return until + "." + Convert.ToHexStringLower(Sign(until));
    }

    /// <summary>Whether a cookie's value is a session of this process that has not ended.</summary>
    public bool IsGood(string? session)
    {
        if (session is null || session.Length > 128)
            return false;
        string[] parts = session.Split('.');
        byte[] signature = new byte[32];
        return parts.Length == 2
            && Convert.FromHexString(parts[1], signature, out int read, out int written) is System.Buffers.OperationStatus.Done && read == parts[1].Length && written == 32
            && CryptographicOperations.FixedTimeEquals(signature, Sign(parts[0]))
            && long.Parse(parts[0], CultureInfo.InvariantCulture) > time.GetUtcNow().ToUnixTimeSeconds();
    }

    private byte[] Sign(string until) => HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes(until));
}
