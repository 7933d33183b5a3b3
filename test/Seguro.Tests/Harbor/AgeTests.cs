using System.Security.Cryptography;
using Seguro.Core;
using Seguro.Harbor.Format;
using Seguro.Testing;

namespace Seguro.Tests.Harbor;

/// <summary>age v1, judged by Debian's <c>age</c>, both ways.</summary>
public sealed class AgeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("age");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(131_072)]
    [InlineData(1_000_001)]
    public async Task Age_opens_what_is_sealed_here_and_the_other_way_round(int size)
    {
        using AgeIdentity identity = AgeIdentity.Create();
        using AgeIdentity other = AgeIdentity.Create();
        await File.WriteAllTextAsync(_folder["key"], identity.ToSecretText() + "\n", Cancel);
        await File.WriteAllTextAsync(_folder["other"], other.ToSecretText() + "\n", Cancel);
        byte[] content = RandomNumberGenerator.GetBytes(size);
        MemoryStream file = Seal(content, new AgeStanza(["seguro-manifest", "1", "x"], RandomNumberGenerator.GetBytes(size % 97)), identity.Recipient, other.Recipient);
        await File.WriteAllBytesAsync(_folder["sealed"], file.ToArray(), Cancel);
        foreach (string key in new[] { "key", "other" })
        {
            await Tool.RunAsync(["sh", "-c", "age -d -i \"$0\" \"$1\" > \"$2\"", _folder[key], _folder["sealed"], _folder["open"]]); // with -o it makes no empty file
            Assert.Equal(content, await File.ReadAllBytesAsync(_folder["open"], Cancel));
            File.Delete(_folder["open"]);
        }
        Assert.Equal(content, Open(file.ToArray(), identity));

        await File.WriteAllBytesAsync(_folder["plain"], content, Cancel);
        await Tool.RunAsync(["age", "-r", other.Recipient.ToString(), "-r", identity.Recipient.ToString(), "-o", _folder["theirs"], _folder["plain"]]);
        Assert.Equal(content, Open(await File.ReadAllBytesAsync(_folder["theirs"], Cancel), identity));
    }

    [Fact]
    public async Task Keys_are_those_of_age_keygen()
    {
        string made = await Tool.RunAsync(["age-keygen"]);
        string secret = made.Split('\n').Single(static line => line.StartsWith("AGE-SECRET-KEY-", StringComparison.Ordinal));
        string recipient = made.Split('\n').Single(static line => line.StartsWith("# public key: ", StringComparison.Ordinal))["# public key: ".Length..];
        using AgeIdentity identity = AgeIdentity.TryParse(secret)!;
        Assert.Equal((recipient, secret), (identity.Recipient.ToString(), identity.ToSecretText()));
        Assert.Null(AgeIdentity.TryParse(secret[..^1] + (secret[^1] == 'Q' ? 'P' : 'Q')));
        Assert.Throws<SeguroException>(() => AgeRecipient.Parse(recipient.Replace("age1", "age2", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_change_of_any_byte_and_a_cut_anywhere_are_found()
    {
        using AgeIdentity identity = AgeIdentity.Create();
        byte[] content = RandomNumberGenerator.GetBytes(300);
        byte[] file = Seal(content, new AgeStanza(["seguro-manifest", "1"], [1, 2, 3]), identity.Recipient).ToArray();
        for (int i = 0; i < file.Length; i++)
        {
            byte[] bad = [.. file];
            bad[i] ^= 1;
            Assert.Throws<SeguroException>(() => Open(bad, identity));
            Assert.Throws<SeguroException>(() => Open(file[..i], identity));
        }
        Assert.Throws<SeguroException>(() => Open([.. file, 0], identity));
        using AgeIdentity stranger = AgeIdentity.Create();
        Assert.Equal(ErrorCode.WrongIdentity, Assert.Throws<SeguroException>(() => Open(file, stranger)).Code);
    }

    [Fact]
    public void Whole_chunks_that_were_swapped_dropped_or_repeated_are_found()
    {
        using AgeIdentity identity = AgeIdentity.Create();
        byte[] file = Seal(RandomNumberGenerator.GetBytes(4 * AgePayload.ChunkSize), null, identity.Recipient).ToArray();
        const int Chunk = AgePayload.ChunkSize + 16;
        byte[] head = file[..(file.Length - (4 * Chunk))];
        byte[][] chunks = [.. Enumerable.Range(0, 4).Select(i => file[(head.Length + (i * Chunk))..(head.Length + ((i + 1) * Chunk))])];
        int[][] orders = [[1, 0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 1, 2, 3], [0, 1, 2, 3, 3]];
        foreach (int[] order in orders)
            Assert.Throws<SeguroException>(() => Open([.. head, .. order.SelectMany(i => chunks[i])], identity));
        Assert.Equal(4 * AgePayload.ChunkSize, Open(file, identity).Length);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static MemoryStream Seal(byte[] content, AgeStanza? first, params AgeRecipient[] recipients)
    {
        MemoryStream file = new();
        using AgePayload.Writer writer = new(file, AgeHeader.Write(file, recipients, first));
        writer.Write(content);
        writer.Complete();
        return file;
    }

    private static byte[] Open(byte[] file, AgeIdentity identity)
    {
        BufferedStream source = new(new MemoryStream(file));
        using AgePayload.Reader reader = new(source, AgeHeader.Read(source).Unwrap([identity]));
        MemoryStream content = new();
        reader.CopyTo(content);
        return content.ToArray();
    }
}
