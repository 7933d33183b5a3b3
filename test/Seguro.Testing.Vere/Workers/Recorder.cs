using System.Buffers.Binary;
using System.Diagnostics;
using Seguro.Core;
using Seguro.Vere.Protocol;

namespace Seguro.Testing.Vere;

/// <summary>
/// A worker that computes nothing: it starts another (<c>STANDIN_VERE_WORKER</c>, else this program) with the same arguments, passes the frames on, and writes them to
/// <c>STANDIN_VERE_RECORD</c>: a record of <c>'&gt;'</c> (the king's) or <c>'&lt;'</c>, microseconds since the start (8, little-endian), and the frame as it was.
/// </summary>
static class Recorder
{
    private const string FileVariable = "STANDIN_VERE_RECORD";
    private const string WorkerVariable = "STANDIN_VERE_WORKER";
    private static readonly Lock Gate = new();

    private static string Worker => Environment.GetEnvironmentVariable(WorkerVariable) is { Length: > 0 } other ? other : Environment.ProcessPath!;

    /// <summary>Is it to record another program's worker?</summary>
    public static bool IsAnothers => IsWanted && Worker != Environment.ProcessPath;

    /// <summary>Is it to record?</summary>
    public static bool IsWanted => Environment.GetEnvironmentVariable(FileVariable) is { Length: > 0 };

    /// <summary>Runs the worker's program on a pier, without frames: what a king of protocol 1 does before it starts its serf.</summary>
    public static async Task<int> PassOnAsync(IReadOnlyList<string> arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Worker, arguments) { UseShellExecute = false })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    /// <summary>Records until the worker ends, whose exit code is its own.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, Stream input, Stream output)
    {
        using FileStream file = new(Environment.GetEnvironmentVariable(FileVariable)!, FileMode.Append, FileAccess.Write, FileShare.Read);
        ProcessStartInfo start = new(Worker, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment.Remove(FileVariable);
        using Process process = Process.Start(start)!;
        Stopwatch clock = Stopwatch.StartNew();
        _ = Task.Run(async () =>
        {
            await PassAsync('>', input, process.StandardInput.BaseStream, file, clock);
            process.StandardInput.Close();
        });
        await PassAsync('<', process.StandardOutput.BaseStream, output, file, clock);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static async Task PassAsync(char who, Stream from, Stream to, FileStream file, Stopwatch clock)
    {
        try
        {
            while (await Newt.ReadAsync(from, int.MaxValue, CancellationToken.None) is { } body)
            {
                byte[] frame = Newt.Frame(body);
                byte[] head = new byte[9];
                head[0] = (byte)who;
                BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(1), (ulong)clock.Elapsed.TotalMicroseconds);
                lock (Gate)
                {
                    file.Write(head);
                    file.Write(frame);
                    file.Flush();
                }
                await to.WriteAsync(frame);
                await to.FlushAsync();
            }
        }
        catch (Exception over) when (over is IOException or SeguroException)
        {
            // One of the two is gone.
        }
    }
}
