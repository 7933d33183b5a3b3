using System.Runtime.InteropServices;

namespace Seguro.Vere.Steering;

/// <summary>
/// The wall clock of one child process, steered: it shows what it was last set to, and nothing goes on. So a stock worker that is given an event's ovum writes the very event that another one
/// wrote before (vere-facts.md §13.4). Neither the program nor the system is changed, but the process's own copy of two functions of the kernel's vdso, in its memory.
/// </summary>
/// <remarks>
/// <para>Linux on x86-64; where the process's vdso is not as known, where the kernel does not let us at its memory, and where a trial on a copy fails, it is not touched.</para>
/// <para>
/// It reaches programs that read the clock by the vdso, as libc's of GNU and musl do; what asks the kernel itself sees true time. So whether a worker
/// is steered shows only in the events it writes.
/// </para>
/// <para>Not safe for two threads. Disposing of it leaves the process's clock as it is.</para>
/// </remarks>
public sealed class SteeredClock : IDisposable
{
    private readonly int _process;
    private readonly long _start;
    private readonly VdsoImage _image;
    private readonly ProcessMemory _memory;

    private SteeredClock(int process, long start, VdsoImage image, ProcessMemory memory)
    {
        _process = process;
        _start = start;
        _image = image;
        _memory = memory;
    }

    private IEnumerable<(int Offset, byte[] Code)> Stubs =>
        [(_image.ClockGettime.Offset, ClockStub.ClockGettime(_image.ClockGettime.Offset)), (_image.Gettimeofday.Offset, ClockStub.Gettimeofday(_image.Gettimeofday.Offset))];

    /// <summary>Takes the clock of a child of ours.</summary>
    /// <param name="process">Its number. It is stopped for a moment.</param>
    /// <param name="first">What its clock is to show.</param>
    /// <param name="why">Why not, for people, where the result is <see langword="null"/>; the process's clock is then as it was.</param>
    public static SteeredClock? Take(int process, SteeredTime first, out string why)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture is not Architecture.X64)
        {
            why = $"a clock can be steered on Linux on x86-64, and this is {RuntimeInformation.OSDescription} on {RuntimeInformation.ProcessArchitecture}";
            return null;
        }
        ProcessMemory? memory = null;
        try
        {
            if (ProcessMemory.FindVdso(process) is not { } place)
                return Not("the process has no vdso that is known", out why);
            memory = ProcessMemory.Open(process);
            if (VdsoImage.Read(memory.Read(place.Start, place.Size), out why) is not { } image)
                return null;
            if (StubTrial.Run(image) is { } failed)
                return Not(failed, out why);
            SteeredClock clock = new(process, place.Start, image, memory);
            if (!clock.Change(first))
                return Not("the process could not be stopped outside of its clock", out why);
            memory = null; // the clock's
            why = "";
            return clock;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return Not($"the kernel does not let this process at its child's memory: {refused.Message}", out why);
        }
        finally
        {
            memory?.Dispose();
        }
    }

    /// <summary>Sets the clock. The process must be idle: it would see half of the change.</summary>
    /// <exception cref="IOException">The process is gone.</exception>
    public void Set(SteeredTime time) => _memory.Write(_start, ClockStub.Cell(time));

    /// <summary>Gives true time back: all bytes are as they were.</summary>
    /// <returns>False where that could not be done: the process must not go on.</returns>
    public bool GiveBack()
    {
        try
        {
            using StoppedProcess? stopped = Stop();
            return stopped is not null && Restore();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private StoppedProcess? Stop() => StoppedProcess.Try(_process, _start, _start + _image.Bytes.Length);

    private bool Change(SteeredTime first)
    {
        using StoppedProcess? stopped = Stop();
        if (stopped is null)
            return false;
        try
        {
            _memory.Write(_start, ClockStub.Cell(first));
            foreach ((int offset, byte[] code) in Stubs)
                _memory.Write(_start + offset, code);
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            _ = Restore(); // the process must not go on with half of it
            throw;
        }
    }

    private bool Restore()
    {
        foreach ((int offset, byte[] code) in Stubs)
            _memory.Write(_start + offset, _image.Bytes[offset..(offset + code.Length)]);
        _memory.Write(_start, _image.Bytes[..VdsoImage.CellBytes]);
        return _memory.Read(_start, _image.Bytes.Length).AsSpan().SequenceEqual(_image.Bytes);
    }

    private static SteeredClock? Not(string reason, out string why)
    {
        why = reason;
        return null;
    }
}
