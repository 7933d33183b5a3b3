using System.Security.Cryptography;
using Seguro.Nouns;

namespace Seguro.Nock.Jets;

/// <summary>AES of single blocks (zuse's <c>aes:crypto</c>), of which the other modes are made.</summary>
static class CipherJets
{
    private const int BlockSize = 16;

    public static IEnumerable<(string, Jet)> All { get; } =
    [
        ("two/tri/qua/pen/hex/aes/ecba/en", (in JetCall call) => Block(call, 16, encrypt: true)),
        ("two/tri/qua/pen/hex/aes/ecba/de", (in JetCall call) => Block(call, 16, encrypt: false)),
        ("two/tri/qua/pen/hex/aes/ecbb/en", (in JetCall call) => Block(call, 24, encrypt: true)),
        ("two/tri/qua/pen/hex/aes/ecbb/de", (in JetCall call) => Block(call, 24, encrypt: false)),
        ("two/tri/qua/pen/hex/aes/ecbc/en", (in JetCall call) => Block(call, 32, encrypt: true)),
        ("two/tri/qua/pen/hex/aes/ecbc/de", (in JetCall call) => Block(call, 32, encrypt: false)),
    ];

    private static Noun? Block(in JetCall call, int keySize, bool encrypt)
    {
        if (call.Sample is not Atom block || call.DoorSample is not Atom key || block.ByteLength > BlockSize || key.ByteLength > keySize)
            return null;
        using Aes aes = Aes.Create();
        aes.Key = BigEndian(key, keySize);
        byte[] input = BigEndian(block, BlockSize);
        byte[] output = encrypt ? aes.EncryptEcb(input, PaddingMode.None) : aes.DecryptEcb(input, PaddingMode.None);
        output.AsSpan().Reverse();
        return Atom.Of(output);
    }

    private static byte[] BigEndian(Atom atom, int size)
    {
        byte[] bytes = new byte[size];
        atom.Bytes.CopyTo(bytes);
        bytes.AsSpan().Reverse();
        return bytes;
    }
}
