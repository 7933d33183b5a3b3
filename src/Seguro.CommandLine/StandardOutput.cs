using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.CommandLine;

/// <summary>
/// The process's standard output, byte for byte. Console's own stream drops what can't be written to a closed pipe, so that a command behind <c>head</c> goes on for ever; and a
/// <see cref="FileStream"/> does not move the place in a file that a shell's next command writes at.
/// </summary>
/// <remarks>Threading: one write at a time; <see cref="Closed"/> from any thread.</remarks>
internal sealed partial class StandardOutput : Stream
{
    private const int Descriptor = 1;
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int BrokenPipe = 32;
    private const short CanWriteNow = 4;
    private static readonly Lazy<CancellationTokenSource> Watched = new(Watch);

    /// <summary>What can't be written is dropped from now on: a service goes on without its reader.</summary>
    public static bool DropsWhatFails { get; set; }

    /// <summary>Cancelled when nobody reads any more, also while nothing is written; never for a file.</summary>
    public static CancellationToken Closed => Watched.Value.Token;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    /// <exception cref="OutputClosedException">Nobody reads any more.</exception>
    /// <exception cref="SeguroException"><see cref="ErrorCode.DiskFull"/>, <see cref="ErrorCode.FileAccess"/>.</exception>
    public override unsafe void Write(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            for (int done = 0; done < buffer.Length;)
            {
                nint written = WriteBytes(Descriptor, start + done, buffer.Length - done);
                if (written >= 0)
                {
                    done += (int)written;
                    continue;
                }
                int error = Marshal.GetLastPInvokeError();
                if (error == Interrupted)
                    continue;
                if (error == TryAgain)
                    Wait(CanWriteNow); // somebody who shares the pipe made it non-blocking
                else if (DropsWhatFails)
                    return;
                else
                    throw error == BrokenPipe ? new OutputClosedException() : FileFault.Writing("standard output", new IOException(Marshal.GetPInvokeErrorMessage(error), error));
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static CancellationTokenSource Watch()
    {
        CancellationTokenSource closed = new();
        Thread watcher = new(() =>
        {
            Wait(0); // the other end's going is told without being asked for
            closed.Cancel();
        })
        {
            IsBackground = true,
            Name = "standard output",
        };
        watcher.Start();
        return closed;
    }

    private static unsafe void Wait(short events)
    {
        PolledFile file = new() { Descriptor = Descriptor, Events = events };
        while (Poll(&file, 1, -1) < 0 && Marshal.GetLastPInvokeError() == Interrupted)
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint WriteBytes(int file, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static unsafe partial int Poll(PolledFile* files, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct PolledFile
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }
}
