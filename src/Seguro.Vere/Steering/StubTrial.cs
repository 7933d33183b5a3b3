using System.Runtime.InteropServices;

namespace Seguro.Vere.Steering;

/// <summary>Runs the changed functions in a copy of the vdso in this process, before the worker's own are changed: they must say the time that is given, and true time of every other clock.</summary>
static unsafe partial class StubTrial
{
    private const int Read = 1;
    private const int Write = 2;
    private const int Execute = 4;
    private const int PrivateAnonymous = 0x22;
    private const int Monotonic = 1;

    /// <summary>Tries it.</summary>
    /// <returns>Why not; <see langword="null"/> where all is as it must be.</returns>
    public static string? Run(VdsoImage image)
    {
        nuint size = (nuint)image.Bytes.Length;
        nint memory = mmap(0, size, Read | Write, PrivateAnonymous, -1, 0);
        if (memory == -1)
            return "there is no memory for a copy of the vdso";
        try
        {
            Span<byte> copy = new((void*)memory, image.Bytes.Length);
            image.Bytes.CopyTo(copy);
            ClockStub.ClockGettime(image.ClockGettime.Offset).CopyTo(copy[image.ClockGettime.Offset..]);
            ClockStub.Gettimeofday(image.Gettimeofday.Offset).CopyTo(copy[image.Gettimeofday.Offset..]);
            SteeredTime[] times = [new(1_700_000_000, 999_985), new(1_700_000_000, 0), new(1, 1)];
            foreach (SteeredTime time in times)
            {
                if (mprotect(memory, size, Read | Write) != 0)
                    return "a copy of the vdso can't be changed here";
                ClockStub.Cell(time).CopyTo(copy);
                if (mprotect(memory, size, Read | Execute) != 0)
                    return "this system does not let a program run a copy of the vdso";
                if (!Says(memory, image, time))
                    return "the clock of a copy of the vdso did not say the time that it was given";
            }
            return null;
        }
        finally
        {
            _ = munmap(memory, size);
        }
    }

    private static bool Says(nint memory, VdsoImage image, SteeredTime time)
    {
        delegate* unmanaged<int, long*, int> gettime = (delegate* unmanaged<int, long*, int>)(memory + image.ClockGettime.Offset);
        delegate* unmanaged<long*, int*, int> timeofday = (delegate* unmanaged<long*, int*, int>)(memory + image.Gettimeofday.Offset);
        long* told = stackalloc long[2];
        int* zone = stackalloc int[2];
        bool isRight = gettime(0, told) == 0 && told[0] == time.Seconds && told[1] == time.Microseconds * 1000L;
        told[0] = told[1] = -1;
        zone[0] = zone[1] = -1;
        isRight &= timeofday(told, zone) == 0 && told[0] == time.Seconds && told[1] == time.Microseconds && zone[0] == 0 && zone[1] == 0;
        isRight &= timeofday(null, null) == 0;
        long before = Environment.TickCount64 - 1000;
        isRight &= gettime(Monotonic, told) == 0 && told[0] >= before / 1000 && told[0] <= (Environment.TickCount64 / 1000) + 1;
        return isRight;
    }

    [LibraryImport("libc")]
    private static partial nint mmap(nint at, nuint size, int protection, int flags, int file, long offset);

    [LibraryImport("libc")]
    private static partial int mprotect(nint at, nuint size, int protection);

    [LibraryImport("libc")]
    private static partial int munmap(nint at, nuint size);
}
