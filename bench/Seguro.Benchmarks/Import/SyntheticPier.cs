using Seguro.Core;
using Seguro.Piers;

namespace Seguro.Benchmarks;

/// <summary>A pier of seeded random events with sizes as ships' logs have them: most of a few hundred bytes, some of 100 KB, a few of megabytes.</summary>
internal static class SyntheticPier
{
    private const int Seed = 1024;

    public static void Make(string path, long bytes)
    {
        Random random = new(Seed);
        byte[] noise = new byte[4 << 20];
        random.NextBytes(noise);
        noise.AsSpan(0, 4).Clear(); // the mug: no check
        using PierWriter writer = PierWriter.Create(path, new PierIdentity(0, IsFake: true, Life: 5), EventNumber.None, "4.6");
        long written = 0;
        for (EventNumber number = new(1); written < bytes; number = number.Next)
        {
            int size = random.Next(1000) switch
            {
                < 2 => random.Next(1 << 20, noise.Length),
                < 20 => random.Next(20_000, 200_000),
                _ => random.Next(100, 4000),
            };
            size = (int)Math.Max(8, Math.Min(size, bytes - written));
            BitConverter.TryWriteBytes(noise.AsSpan(4), number.Value); // no two are the same
            writer.Append(number, noise.AsSpan(0, size));
            written += size;
        }
        writer.Complete();
    }
}
