using Seguro.Balancer;
using Seguro.Core;
using Seguro.Testing;

namespace Seguro.Tests.Balancer;

/// <summary>The files with the members' keys, and with the balancer's ring of them.</summary>
public sealed class KeyFileTests : IDisposable
{
    private static readonly string One = new('1', 64);
    private static readonly string Two = new('2', 64);

    private readonly TemporaryFolder _folder = new("keys");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("zz01020304050607080910111213141516171819202122232425262728293031")]
    [InlineData("0001020304050607080910111213141516171819202122232425262728293031ff")]
    public void A_members_key_file_holds_a_key_and_nothing_else(string text)
    {
        Write(text);
        SeguroException error = Assert.Throws<SeguroException>(() => KeyFiles.LoadKey(_folder["key"]));
        Assert.Equal(ErrorCode.BadValue, error.Code);
        if (text.Length > 0)
            Assert.DoesNotContain(text, error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<SeguroException>(() => KeyFiles.LoadKey(_folder["none"])).Code);
    }

    [Theory]
    [InlineData("", "holds no key")]
    [InlineData("# nothing", "holds no key")]
    [InlineData("ONE", "one key for all members, as older versions")]
    [InlineData("m1", "line 1 of")]
    [InlineData("m1 ONE\nm2 x", "line 2 of")]
    [InlineData("m1 ONE until=soon", "line 1 of")]
    [InlineData("m1 ONE\nm2 ONE", "the same key")]
    public void A_ring_that_makes_no_sense_is_refused_and_never_shown(string text, string why)
    {
        Write(text.Replace("ONE", One, StringComparison.Ordinal));
        SeguroException error = Assert.Throws<SeguroException>(() => KeyFiles.LoadRing(_folder["key"]));
        Assert.Equal(ErrorCode.BadValue, error.Code);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(One, error.ToString(), StringComparison.Ordinal);
        Assert.Contains("seguro cluster keys", error.NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ring_comes_back_as_it_was_written()
    {
        DateTimeOffset now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        KeyRing ring = new KeyRing([new KeyRingEntry("m1", MemberKey.Create(), null), new KeyRingEntry("m2", MemberKey.Create(), null)]).With("m1", MemberKey.Create(), now);
        KeyRing read = KeyRing.Parse(ring.ToSecretText(), "x");
        Assert.Equal(ring.Entries, read.Entries);
        Assert.Equal(3, read.At(now.AddSeconds(-1)).Entries.Count);
        Assert.Equal(["m2", "m1"], read.At(now).Entries.Select(static entry => entry.Member));
        Assert.Equal(["m1", "m1"], read.Without("m2").Entries.Select(static entry => entry.Member));
    }

    [Fact]
    public void A_file_that_changes_is_read_again_and_what_can_not_be_used_changes_nothing()
    {
        Write(One);
        KeyFile<MemberKey> file = KeyFiles.LoadKey(_folder["key"]);
        MemberKey one = file.Current;
        Write(Two + "\n");
        Assert.NotEqual(one, file.Current);
        Write("garbage");
        Assert.Equal(Two, file.Current.ToSecretText());
        Assert.Contains("can't be used", file.Problem, StringComparison.Ordinal);
        Write(One);
        Assert.Equal(one, file.Current);
        Assert.Null(file.Problem);
    }

    [Fact]
    public void A_key_that_all_can_read_is_refused_with_the_command_that_mends_it()
    {
        Write(One);
        File.SetUnixFileMode(_folder["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        SeguroException error = Assert.Throws<SeguroException>(() => KeyFiles.LoadKey(_folder["key"]));
        Assert.Equal(ErrorCode.ExposedSecret, error.Code);
        Assert.Contains($"chmod 600 {_folder["key"]}", error.NextStep, StringComparison.Ordinal);
    }

    private void Write(string text)
    {
        File.WriteAllText(_folder["key"], text);
        File.SetUnixFileMode(_folder["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
