using Seguro.Core;
using Seguro.Stores;
using Seguro.Stores.Etcd;

namespace Seguro.Tests.Stores.Etcd;

/// <summary>What an etcd URL may say, and what it may not.</summary>
public sealed class EtcdStoreUrlTests
{
    [Theory]
    [InlineData("etcd://a:2379,b:2380", "a:2379 b:2380", "seguro")]
    [InlineData("etcd://a:2379,a:2379/", "a:2379", "seguro")]
    [InlineData("etcd://[::1]:1/ships/one", "[::1]:1", "ships/one")]
    [InlineData("etcd+plain://127.0.0.1:2379/x", "127.0.0.1:2379", "x")]
    public void Reads_addresses_and_prefix(string text, string addresses, string prefix)
    {
        EtcdStoreUrl url = EtcdStoreUrl.Parse(StoreUrl.Parse(text));
        Assert.Equal(addresses, string.Join(' ', url.Addresses.Select(static address => address.ToString())));
        Assert.Equal(prefix, url.Prefix);
    }

    [Theory]
    [InlineData("etcd://a", ErrorCode.BadStoreUrl)]
    [InlineData("etcd://a:0", ErrorCode.BadStoreUrl)]
    [InlineData("etcd://a:1,,b:2", ErrorCode.BadStoreUrl)]
    [InlineData("etcd://a:1/~zod", ErrorCode.BadStoreUrl)]
    [InlineData("etcd://user:secret@a:1", ErrorCode.BadStoreUrl)]
    [InlineData("etcd+plain://10.0.0.1:2379", ErrorCode.InsecureTransport)]
    public void Refuses_the_rest(string text, ErrorCode code)
    {
        SeguroException error = Assert.Throws<SeguroException>(() => EtcdStoreUrl.Parse(StoreUrl.Parse(text)));
        Assert.Equal(code, error.Code);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_certificates_nothing_is_sent()
    {
        SeguroException error = await Assert.ThrowsAsync<SeguroException>(
            () => EtcdStore.OpenAsync(StoreUrl.Parse("etcd://127.0.0.1:1"), new StoreOptions(), TestContext.Current.CancellationToken).AsTask());
        Assert.Equal(ErrorCode.NotFound, error.Code);
    }
}
