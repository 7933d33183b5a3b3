using Seguro.Core;
using Seguro.Stores;

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
    [InlineData("postgresql://me:s3cret@host/db")]
    [InlineData("postgresql://me:s3cret@host:1,host:2/db?sslmode=require")]
    [InlineData("postgresql://me:a/s3cret@host/db")]
    [InlineData("postgresql://me:a?s3cret@host/db")]
    [InlineData("postgresql://me:a@s3cret@host/db")]
    [InlineData("postgresql://me@host/db?password=s3cret&sslmode=require")]
    [InlineData("postgresql://me@host/db?sslmode=require&PASSWORD=s3cret")]
    [InlineData("mysql://me:s3cret@host/db")]
    public void Hides_the_password(string text)
    {
        string shown = text.StartsWith("mysql", StringComparison.Ordinal)
            ? Assert.Throws<SeguroException>(() => StoreUrl.Parse(text)).Message
            : StoreUrl.Parse(text).ToString();
        Assert.DoesNotContain("s3cret", shown, StringComparison.Ordinal);
        Assert.Contains("me", shown, StringComparison.Ordinal);
        Assert.Contains("host", shown, StringComparison.Ordinal);
    }
}
