using Seguro.Core;
using Seguro.Piers;
using Seguro.Testing;
using Seguro.Vere.Running;

namespace Seguro.Tests.Vere.Running;

/// <summary>What a king of vere 3 did not get to log.</summary>
public sealed class PendingEventsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new("pending");

    private string File => Path.Combine(_folder.Path, PendingEvents.FileName);

    [Fact]
    public void They_come_back_and_a_torn_one_does_not()
    {
        using (PendingEvents pending = PendingEvents.Create(_folder.Path))
        {
            pending.Append([Made(5), Made(6)]);
            pending.Append([Made(7), Made(8)]);
        }
        Assert.Equal([5UL, 6, 7, 8], Numbers());
        Assert.Equal(Made(7).Payload.ToArray(), PendingEvents.Read(_folder.Path)[2].Payload.ToArray());

        byte[] bytes = System.IO.File.ReadAllBytes(File);
        for (int cut = 1; cut < 60; cut++)
        {
            System.IO.File.WriteAllBytes(File, bytes[..^cut]);
            Assert.InRange(Numbers().Length, 2, 3);
        }
        bytes[^1] ^= 1;
        System.IO.File.WriteAllBytes(File, bytes);
        Assert.Equal([5UL, 6, 7], Numbers());
    }

    [Fact]
    public void It_can_begin_anew_and_go()
    {
        using (PendingEvents pending = PendingEvents.Create(_folder.Path))
        {
            pending.Append([Made(5)]);
            pending.Clear();
            Assert.Equal(0, pending.Length);
            pending.Append([Made(6)]);
        }
        Assert.Equal([6UL], Numbers());
        PendingEvents.Remove(_folder.Path);
        Assert.Empty(Numbers());
        PendingEvents.Remove(_folder.Path);
    }

    public void Dispose() => _folder.Dispose();

    private ulong[] Numbers() => [.. PendingEvents.Read(_folder.Path).Select(static pending => pending.Number.Value)];

    private static PierEvent Made(ulong number) => new(new(number), Enumerable.Repeat((byte)number, (int)number).ToArray());
}
