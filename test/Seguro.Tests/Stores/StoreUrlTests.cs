using Seguro.Core;
using Seguro.Stores;
using Seguro.Testing;
using Xunit;

namespace Seguro.Tests.Stores;

/// <summary>Stores' URLs: every form, every mistake, and no password in any message.</summary>
public sealed class StoreUrlTests
{
    [Theory]
    [InlineData("lmdb:/piers/zod", "lmdb", "/piers/zod")]
    [InlineData("sqlite:log.db", "sqlite", "log.db")]
    [InlineData("RocksDB:folder", "rocksdb", "folder")]
    [InlineData("dqlite://127.0.0.1:9001,127.0.0.1:9002", "dqlite", "127.0.0.1:9001,127.0.0.1:9002")]
    [InlineData("dqlite+plain://127.0.0.1:9001", "dqlite", "127.0.0.1:9001")]
    [InlineData("etcd://127.0.0.1:2379,b:2379/ships", "etcd", "127.0.0.1:2379,b:2379/ships")]
    [InlineData("etcd+plain://127.0.0.1:2379", "etcd", "127.0.0.1:2379")]
    [InlineData("postgres://a@b/c", "postgresql", "a@b/c")]
    [InlineData("postgresql:///c?host=/tmp", "postgresql", "/c?host=/tmp")]
    public void Reads_every_form(string text, string engine, string rest)
    {
        StoreUrl url = StoreUrl.Parse(text);
        Assert.Equal((engine, rest), (url.Engine, url.Rest));
        Assert.Equal(text.Contains("+plain", StringComparison.Ordinal), url.IsPlain);
    }

    [Theory]
    [InlineData("", "no scheme")]
    [InlineData("log.db", "no scheme")]
    [InlineData(":x", "no scheme")]
    [InlineData("lmdb:", "path is missing")]
    [InlineData("dqlite:127.0.0.1:1", "addresses are missing")]
    [InlineData("dqlite://", "addresses are missing")]
    [InlineData("etcd://", "addresses are missing")]
    [InlineData("postgresql:db", "'//' is missing")]
    [InlineData("sqlit:x", "did you mean 'sqlite'")]
    [InlineData("lmbd:x", "did you mean 'lmdb'")]
    [InlineData("mysql://x", "there is no store 'mysql'")]
    public void Says_what_is_wrong(string text, string why)
    {
        SeguroException error = Assert.Throws<SeguroException>(() => StoreUrl.Parse(text));
        Assert.Equal(ErrorCode.BadStoreUrl, error.Code);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgresql://me:s3cret@host/db", "postgresql://me@host:5432/db")]
    [InlineData("postgresql://me:s3cret@host:1,host:2/db?sslmode=require", "postgresql://me@host:1,host:2/db")]
    [InlineData("postgresql://me:a@s3cret@host/db", "postgresql://me@host:5432/db")]
    [InlineData("postgresql://me@host/db?password=s3cret&sslmode=require", "postgresql://me@host:5432/db")]
    [InlineData("postgresql://me@host/db?sslpassword=a&password=s3cret", "postgresql://me@host:5432/db")]
    [InlineData("postgresql://me@host/db?password=pw@s3cret", "postgresql://me@host:5432/db")]
    [InlineData("postgresql://me@host/db?pass%77ord=s3cret", "postgresql://me@host:5432/db")]
    [InlineData("postgresql://me@host/db?sslpassword=s3cret&password=s3cret", "postgresql://me@host:5432/db")]
    [InlineData("postgresql://me:a/s3cret@host/db", "postgresql://…")]
    [InlineData("postgresql://me:a?s3cret@host/db", "postgresql://…")]
    [InlineData("postgresql://me@host/db?sslmode=require&PASSWORD=s3cret", "postgresql://…")]
    [InlineData("postgresql://me@host/db?password=a&s3cret=b", "postgresql://…")]
    [InlineData("etcd://me:s3cret@host:2379", "etcd://…")]
    [InlineData("dqlite+plain://me:s3cret@127.0.0.1:1", "dqlite+plain://…")]
    [InlineData("dqlite://127.0.0.1:1,b:2", "dqlite://127.0.0.1:1,b:2")]
    [InlineData("etcd+plain://127.0.0.1:1/ships", "etcd+plain://127.0.0.1:1/ships")]
    [InlineData("sqlite:/a@b/password=1", "sqlite:/a@b/password=1")]
    public void Shows_what_was_understood_and_no_secret(string text, string shown)
    {
        StoreUrl url = StoreUrl.Parse(text);
        Assert.Equal(shown, url.ToString());
        Assert.DoesNotContain("s3cret", $"{url}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgresql:me:s3cret@host/db")]
    [InlineData("postgresql:/me:s3cret@host/db")]
    [InlineData("mysql://me:s3cret@host/db")]
    [InlineData("me:s3cret@host/db")]
    [InlineData("s3cret")]
    [InlineData("s3cret:db")]
    [InlineData("dqlite:me:s3cret@host")]
    [InlineData("postgresql://me:s3cret@host:port/db")]
    [InlineData("postgresql://me@host/db?pasword=s3cret")]
    [InlineData("postgresql://me@host/db?password=a&s3cret=b")]
    [InlineData("postgresql://me@host/db?sslmode=s3cret")]
    [InlineData("postgresql://me@host/db?connect_timeout=s3cret")]
    [InlineData("etcd://me:s3cret@host:2379")]
    [InlineData("dqlite://me:s3cret@host:2379")]
    public async Task A_refusal_shows_no_secret(string text)
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            async () => await StoreConnection.OpenAsync(StoreUrl.Parse(text), new StoreOptions(), TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCode.BadStoreUrl, error.Code);
        Assert.DoesNotContain("s3cret", $"{error}{error.NextStep}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_may_hold_the_url_if_nobody_else_may_read_it()
    {
        using TemporaryFolder folder = new("url");
        string file = folder["store"];
        await File.WriteAllTextAsync(file, "postgresql://me:s3cret@host/db\nmore\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        StoreUrl url = StoreUrl.Parse("@" + file);
        Assert.Equal("postgresql://me:s3cret@host/db", url.Text);
        Assert.Equal("postgresql://me@host:5432/db", url.ToString());
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        SeguroException shared = Assert.Throws<SeguroException>(() => StoreUrl.Parse("@" + file));
        Assert.Equal(ErrorCode.ExposedSecret, shared.Code);
        Assert.Contains($"chmod 600 {file}", shared.NextStep, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<SeguroException>(() => StoreUrl.Parse("@" + folder["none"])).Code);
    }
}
