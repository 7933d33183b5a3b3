using System.Net;
using System.Text;
using Seguro.Core;
using Seguro.Nock.Drivers;
using Seguro.Nock.Ships;
using Xunit;

namespace Seguro.Tests.Nock.Ships;

public sealed class DigestTests : IDisposable
{
    private readonly ShipFixture _fixture = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("hello")]
    [InlineData("crash, please")]
    public async Task Whoever_sees_the_event_knows_the_datagram_that_it_came_from(string text)
    {
        await using NockShip master = await _fixture.DemoAsync("master");
        await using NockShip replica = await _fixture.DemoAsync("replica");
        byte[] bytes = AmesDriver.Hear(new IPEndPoint(IPAddress.Loopback, 5000), Encoding.ASCII.GetBytes(text), out uint digest)!;
        Assert.NotEqual(0U, digest);
        Computation.Accepted made = await ShipFixture.PokeAsync(master, new Ovum(bytes, ShipFixture.Now, digest));
        Assert.Equal(text.StartsWith("crash", StringComparison.Ordinal), made.Failure is not null);
        Assert.Equal(digest, (await replica.ApplyAsync(made.Number, made.Payload, Cancel)).Digest);
    }

    public void Dispose() => _fixture.Dispose();
}
