using Seguro.Core;
using Seguro.Node.Members;
using Seguro.Testing;

namespace Seguro.Tests.Node.Members;

public sealed class EvidenceFileTests : IDisposable
{
    private static readonly Evidence Known = new(
        new Term(ulong.MaxValue), new Position(new EventNumber(4_311_199_133), ChainHasher.Of(Chain.Zero, new EventNumber(1), [1])), MayBeAhead: true,
        new Term(7), new EventNumber(4_311_199_130), new EventNumber(12));

    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Path, EvidenceFile.Name);

    [Fact]
    public void A_folder_without_a_record_knows_nothing() => Assert.Null(EvidenceFile.Read(_folder.Path));

    [Fact]
    public void What_was_written_is_read_over_what_was_there()
    {
        EvidenceFile.Write(_folder.Path, Known);
        EvidenceFile.Write(_folder.Path, Known with { MayBeAhead = false, Term = new Term(3) });
        Assert.Equal(Known with { MayBeAhead = false, Term = new Term(3) }, EvidenceFile.Read(_folder.Path));
        EvidenceFile.Write(_folder.Path, Known with { History = null });
        Assert.Equal(Known with { History = null }, EvidenceFile.Read(_folder.Path));
        System.IO.File.WriteAllText(File, "                  17 master \n");
        Assert.Equal(new Evidence(new Term(17), Position.Origin, MayBeAhead: true, Term.None), EvidenceFile.Read(_folder.Path));
        EvidenceFile.Write(_folder.Path, Known);
        Assert.Equal(Known, EvidenceFile.Read(_folder.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("17")]
    [InlineData("-1 master")]
    [InlineData("17 king")]
    [InlineData("17 master")]
    [InlineData("17 master 5\n")]
    [InlineData("99999999999999999999999999999999999999999999999999999999999999999999999999 master")]
    public void What_no_member_writes_is_an_error_and_not_nothing(string text)
    {
        System.IO.File.WriteAllText(File, text);
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<SeguroException>(() => EvidenceFile.Read(_folder.Path)).Code);
    }

    [Fact]
    public void Every_changed_or_missing_byte_of_the_words_is_found()
    {
        EvidenceFile.Write(_folder.Path, Known);
        byte[] whole = System.IO.File.ReadAllBytes(File);
        int words = System.Text.Encoding.ASCII.GetString(whole).TrimEnd().Length;
        for (int at = 0; at < words; at++)
        {
            byte[] changed = [.. whole];
            changed[at] ^= 1;
            System.IO.File.WriteAllBytes(File, changed);
            Assert.Throws<SeguroException>(() => EvidenceFile.Read(_folder.Path));
            System.IO.File.WriteAllBytes(File, whole[..at]);
            Assert.Throws<SeguroException>(() => EvidenceFile.Read(_folder.Path));
        }
        System.IO.File.WriteAllBytes(File, new byte[whole.Length]);
        Assert.Throws<SeguroException>(() => EvidenceFile.Read(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();
}
