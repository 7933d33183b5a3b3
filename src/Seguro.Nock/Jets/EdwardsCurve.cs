using System.Numerics;
using System.Security.Cryptography;

namespace Seguro.Nock.Jets;

/// <summary>Ed25519 (RFC 8032) and X25519 (RFC 7748), as far as kernels need them.</summary>
/// <remarks>Takes time that depends on the secrets: meant for a machine that computes for itself, not to answer strangers.</remarks>
static class EdwardsCurve
{
    private static readonly BigInteger Prime = BigInteger.Pow(2, 255) - 19;
    private static readonly BigInteger D = Mod(-121665 * Inverse(121666));
    private static readonly Point Base = Generator();

    /// <summary>The public key of a seed of 32 bytes.</summary>
    public static byte[] PublicKey(ReadOnlySpan<byte> seed) => Encode(Times(Base, Secret(seed)));

    /// <summary>The secret that the owner of a seed shares with the owner of a public key.</summary>
    public static byte[] Shared(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> seed)
    {
        // Without the bit that is the sign of the other coordinate.
        BigInteger y = Number(publicKey) & (BigInteger.Pow(2, 255) - 1);
        return Bytes(Ladder(Secret(seed), Mod((1 + y) * Inverse(1 - y))));
    }

    private static BigInteger Secret(ReadOnlySpan<byte> seed)
    {
        byte[] hash = SHA512.HashData(seed)[..32];
        hash[0] &= 0xf8;
        hash[31] = (byte)((hash[31] & 0x3f) | 0x40);
        return Number(hash);
    }

    // RFC 7748, section 5.
    private static BigInteger Ladder(BigInteger scalar, BigInteger u)
    {
        (BigInteger x2, BigInteger z2, BigInteger x3, BigInteger z3) = (1, 0, u, 1);
        for (int bit = 254; bit >= 0; bit--)
        {
            bool swap = !((scalar >> bit) & 1).IsZero;
            if (swap)
                (x2, z2, x3, z3) = (x3, z3, x2, z2);
            BigInteger a = x2 + z2;
            BigInteger aa = Mod(a * a);
            BigInteger b = x2 - z2;
            BigInteger bb = Mod(b * b);
            BigInteger e = aa - bb;
            BigInteger da = Mod((x3 - z3) * a);
            BigInteger cb = Mod((x3 + z3) * b);
            x3 = Mod((da + cb) * (da + cb));
            z3 = Mod(u * Mod((da - cb) * (da - cb)));
            x2 = Mod(aa * bb);
            z2 = Mod(e * (aa + (121665 * e)));
            if (swap)
                (x2, z2, x3, z3) = (x3, z3, x2, z2);
        }
        return Mod(x2 * Inverse(z2));
    }

    private static Point Generator()
    {
        BigInteger y = Mod(4 * Inverse(5));
        BigInteger square = Mod(((y * y) - 1) * Inverse((D * y * y) + 1));
        BigInteger x = BigInteger.ModPow(square, (Prime + 3) / 8, Prime);
        if (Mod((x * x) - square) != 0)
            x = Mod(x * BigInteger.ModPow(2, (Prime - 1) / 4, Prime));
        if (!x.IsEven)
            x = Prime - x;
        return new Point(x, y, 1, Mod(x * y));
    }

    private static Point Times(Point point, BigInteger scalar)
    {
        Point sum = new(0, 1, 1, 0);
        for (long bit = (long)scalar.GetBitLength() - 1; bit >= 0; bit--)
        {
            sum = Add(sum, sum);
            if (!((scalar >> (int)bit) & 1).IsZero)
                sum = Add(sum, point);
        }
        return sum;
    }

    // RFC 8032, section 5.1.4.
    private static Point Add(Point p, Point q)
    {
        BigInteger a = Mod((p.Y - p.X) * (q.Y - q.X));
        BigInteger b = Mod((p.Y + p.X) * (q.Y + q.X));
        BigInteger c = Mod(Mod(2 * p.T * q.T) * D);
        BigInteger d = Mod(2 * p.Z * q.Z);
        (BigInteger e, BigInteger f, BigInteger g, BigInteger h) = (b - a, d - c, d + c, b + a);
        return new Point(Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));
    }

    private static byte[] Encode(Point point)
    {
        BigInteger z = Inverse(point.Z);
        byte[] bytes = Bytes(Mod(point.Y * z));
        if (!Mod(point.X * z).IsEven)
            bytes[31] |= 0x80;
        return bytes;
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true);

    private static byte[] Bytes(BigInteger number)
    {
        byte[] bytes = new byte[32];
        number.TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }

    private static BigInteger Inverse(BigInteger number) => BigInteger.ModPow(Mod(number), Prime - 2, Prime);

    private static BigInteger Mod(BigInteger number)
    {
        BigInteger rest = BigInteger.Remainder(number, Prime);
        return rest.Sign < 0 ? rest + Prime : rest;
    }

    // Extended coordinates: x = X/Z, y = Y/Z, xy = T/Z.
    private readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);
}
