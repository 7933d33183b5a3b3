using System.Buffers.Binary;

namespace Seguro.Vere.Steering;

/// <summary>
/// What takes the place of the vdso's two functions: code for x86-64 that answers with the time in the cell (<see cref="VdsoImage.CellBytes"/> at the image's start: seconds, nanoseconds,
/// microseconds, 64 bits each). A clock that is not CLOCK_REALTIME is asked of the kernel.
/// </summary>
static class ClockStub
{
    /// <summary>How long the code for <c>clock_gettime</c> is.</summary>
    public const int ClockGettimeBytes = 40;

    /// <summary>How long the code for <c>gettimeofday</c> is.</summary>
    public const int GettimeofdayBytes = 45;

    private const int SecondsCell = 0;
    private const int NanosecondsCell = 8;
    private const int MicrosecondsCell = 16;

    /// <summary>The code for <c>int clock_gettime(clockid_t, struct timespec *)</c>.</summary>
    /// <param name="offset">Where in the image it will be.</param>
    public static byte[] ClockGettime(int offset)
    {
        byte[] code =
        [
            0xf3, 0x0f, 0x1e, 0xfa,                   // endbr64
            0x85, 0xff,                               // test edi, edi        CLOCK_REALTIME is 0
            0x75, 0x18,                               // jne other
            0x48, 0x8b, 0x05, 0, 0, 0, 0,             // mov rax, [seconds]
            0x48, 0x89, 0x06,                         // mov [rsi], rax
            0x48, 0x8b, 0x05, 0, 0, 0, 0,             // mov rax, [nanoseconds]
            0x48, 0x89, 0x46, 0x08,                   // mov [rsi+8], rax
            0x31, 0xc0,                               // xor eax, eax
            0xc3,                                     // ret
            0xb8, 0xe4, 0, 0, 0,                      // other: mov eax, 228  clock_gettime
            0x0f, 0x05,                               // syscall
            0xc3,                                     // ret
        ];
        Point(code, 11, offset, SecondsCell);
        Point(code, 21, offset, NanosecondsCell);
        return code;
    }

    /// <summary>The code for <c>int gettimeofday(struct timeval *, struct timezone *)</c>.</summary>
    /// <param name="offset">Where in the image it will be.</param>
    public static byte[] Gettimeofday(int offset)
    {
        byte[] code =
        [
            0xf3, 0x0f, 0x1e, 0xfa,                   // endbr64
            0x48, 0x85, 0xff,                         // test rdi, rdi
            0x74, 0x15,                               // je zone
            0x48, 0x8b, 0x05, 0, 0, 0, 0,             // mov rax, [seconds]
            0x48, 0x89, 0x07,                         // mov [rdi], rax
            0x48, 0x8b, 0x05, 0, 0, 0, 0,             // mov rax, [microseconds]
            0x48, 0x89, 0x47, 0x08,                   // mov [rdi+8], rax
            0x48, 0x85, 0xf6,                         // zone: test rsi, rsi
            0x74, 0x07,                               // je end
            0x48, 0xc7, 0x06, 0, 0, 0, 0,             // mov qword [rsi], 0   UTC, no summer time
            0x31, 0xc0,                               // end: xor eax, eax
            0xc3,                                     // ret
        ];
        Point(code, 12, offset, SecondsCell);
        Point(code, 22, offset, MicrosecondsCell);
        return code;
    }

    /// <summary>The cell for a time.</summary>
    public static byte[] Cell(SteeredTime time)
    {
        byte[] cell = new byte[VdsoImage.CellBytes];
        BinaryPrimitives.WriteInt64LittleEndian(cell.AsSpan(SecondsCell), time.Seconds);
        BinaryPrimitives.WriteInt64LittleEndian(cell.AsSpan(NanosecondsCell), time.Microseconds * 1000L);
        BinaryPrimitives.WriteInt64LittleEndian(cell.AsSpan(MicrosecondsCell), time.Microseconds);
        return cell;
    }

    // An operand is counted from the end of its instruction, which ends with it.
    private static void Point(Span<byte> code, int operand, int offset, int cell) =>
        BinaryPrimitives.WriteInt32LittleEndian(code[operand..], cell - (offset + operand + sizeof(int)));
}
