using System.Buffers.Binary;
using Seguro.Testing;

namespace Seguro.Tests.Vere.Protocol;

/// <summary>A session of real king and worker, frame by frame: <c>zod-work.newt</c> of the real data.</summary>
static class Recording
{
    /// <summary>From whom, and the frame as it was on the wire.</summary>
    public static IReadOnlyList<(bool IsKings, byte[] Frame)> Frames { get; } = Read();

    /// <summary>All that one of the two sent.</summary>
    public static byte[] Stream(bool isKings) => [.. Frames.Where(frame => frame.IsKings == isKings).SelectMany(static frame => frame.Frame)];

    private static List<(bool, byte[])> Read()
    {
        byte[] file = File.ReadAllBytes(Path.Combine(SharedData.Path, "zod-work.newt"));
        List<(bool, byte[])> frames = [];
        for (int at = 0; at < file.Length;)
        {
            // Who, the time, and the frame: its length is behind a byte that is 0.
            int length = 5 + BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(at + 10));
            frames.Add((file[at] == '>', file[(at + 9)..(at + 9 + length)]));
            at += 9 + length;
        }
        return frames;
    }
}
