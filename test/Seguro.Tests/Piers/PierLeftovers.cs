using System.Buffers.Binary;
using Seguro.Piers;

namespace Seguro.Tests.Piers;

/// <summary>Puts into a pier what a vere leaves around its log: heads of snapshots, snapshots being saved, exported states. Their content is nothing.</summary>
static class PierLeftovers
{
    private const int PageSize = 1 << 14;
    public const string Chk = ".urb/chk";

    /// <summary>An <c>image.bin</c> of vere 4, one page long.</summary>
    public static void Image(string pier, string folder, ulong number, ulong layout = 5, ulong bits = 0)
    {
        byte[] page = new byte[PageSize];
        WriteHead(page, number, layout, bits);
        Write(pier, $"{folder}/image.bin", page);
    }

    /// <summary>A <c>south.bin</c> of vere 1 to 3.5, one page long.</summary>
    public static void South(string pier, string folder, ulong number, uint layout = 4)
    {
        byte[] page = new byte[PageSize];
        WriteTop(page, number, layout);
        Write(pier, $"{folder}/south.bin", page);
    }

    /// <summary>A snapshot of vere 4 that is being saved: pages 0 and 7.</summary>
    public static void Patch(string pier, ulong number, ulong layout = 5, ulong bits = 0)
    {
        byte[] memory = new byte[2 * PageSize];
        WriteHead(memory, number, layout, bits);
        Write(pier, $"{Chk}/memory.bin", memory);
        Write(pier, $"{Chk}/control.bin", Words(2, 0xFEED, 9, 2, 0, 1, 7, 2));
    }

    /// <summary>The same of vere 3.5 and older: lower page 3, then the topmost of 2^17.</summary>
    public static void OldPatch(string pier, ulong number)
    {
        byte[] memory = new byte[2 * PageSize];
        WriteTop(memory.AsSpan(PageSize), number, 4);
        Write(pier, $"{Chk}/memory.bin", memory);
        Write(pier, $"{Chk}/control.bin", Words(1, 9, 1, 2, 3, 1, (1 << 17) - 1, 2));
    }

    public static void State(string pier, ulong number) => Write(pier, $".urb/roc/{number}.jam", [2]);

    public static string EpochOf(string pier, ulong start) => Path.Combine(PierFiles.LogOf(pier), $"0i{start}");

    public static void Write(string pier, string file, byte[] bytes)
    {
        string path = Path.Combine(pier, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
    }

    private static void WriteHead(Span<byte> page, ulong number, ulong layout, ulong bits)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(page, layout);
        BinaryPrimitives.WriteUInt64LittleEndian(page[8..], bits);
        BinaryPrimitives.WriteUInt64LittleEndian(page[16..], number);
    }

    private static void WriteTop(Span<byte> page, ulong number, uint layout)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(page[(PageSize - 24)..], number);
        BinaryPrimitives.WriteUInt32LittleEndian(page[(PageSize - 4)..], layout);
    }

    private static byte[] Words(params uint[] words)
    {
        byte[] bytes = new byte[words.Length * sizeof(uint)];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)), words[i]);
        return bytes;
    }
}
