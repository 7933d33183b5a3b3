using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Sdk;

namespace Seguro.Native;

/// <summary>The functions of <c>seguro.h</c>. Each catches all that is thrown below it: no exception crosses the border.</summary>
internal static unsafe partial class Exports
{
    private const uint AbiVersion = 1;
    private static readonly byte* s_version = (byte*)Marshal.StringToCoTaskMemUTF8(typeof(SeguroLog).Assembly.GetName().Version!.ToString(3));

    [UnmanagedCallersOnly(EntryPoint = "seguro_abi")]
    public static uint Abi() => AbiVersion;

    [UnmanagedCallersOnly(EntryPoint = "seguro_version")]
    public static byte* Version() => s_version;

    [UnmanagedCallersOnly(EntryPoint = "seguro_open")]
    public static int Open(byte* url, byte* ship, NativeOptions* options, nint* log, NativeError* error)
    {
        if (Handles.IsForked)
            return Status.Forked;
        if (url is null || ship is null || log is null)
            return Text.Invalid("url, ship and log are not to be NULL", error);
        if (options is not null && options->Size < sizeof(NativeOptions))
            return Text.Invalid("the options' size is not sizeof(seguro_options)", error);
        try
        {
            SqliteLibrary.Find();
            SeguroLog opened = SeguroLog.OpenAsync(Text.Read(url)!, Text.Read(ship)!, OptionsOf(options), CancellationToken.None).GetAwaiter().GetResult();
            *log = Handles.Add(new OpenLog(opened));
            return Status.Ok;
        }
        catch (Exception exception)
        {
            return Text.Fail(exception, error);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_close")]
    public static int Close(nint log) => OpenWriter.IsInCallback ? Status.Invalid : Finish<OpenLog>(log, static _ => { });

    [UnmanagedCallersOnly(EntryPoint = "seguro_store")]
    public static int Store(nint log, NativeStore* info, NativeError* error)
    {
        if (info is null)
            return Text.Invalid("info is not to be NULL", error);
        return OnLog(log, error, open =>
        {
            StoreFacts facts = open.Log.Store;
            Text.Write(facts.Engine, info->Engine, NativeStore.EngineSize);
            Text.Write(facts.CommitMeans, info->CommitMeans, NativeStore.MeansSize);
            info->LargestEvent = (ulong)facts.LargestEvent;
            info->DurableCopies = (uint)facts.DurableCopies;
            info->Reserved = 0;
            return Status.Ok;
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_head")]
    public static int Head(nint log, NativeHead* head, NativeError* error)
    {
        if (head is null)
            return Text.Invalid("head is not to be NULL", error);
        return OnLog(log, error, open =>
        {
            LogHead read = open.Log.ReadHeadAsync(open.End).GetAwaiter().GetResult();
            head->First = read.First;
            head->Number = read.Number;
            head->Term = read.Term;
            head->Bytes = (ulong)read.Bytes;
            read.Chain.CopyTo(new Span<byte>(head->Chain, Chain.Size));
            Text.Write(read.Writer, head->Writer, NativeHead.WriterSize);
            return Status.Ok;
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_wait")]
    public static int WaitFor(nint log, ulong number, int level, uint machines, long timeout, NativeError* error)
    {
        return OnLog(log, error, open =>
        {
            SafetyLevel safe = level switch
            {
                (int)SafetyKind.Committed => SafetyLevel.Committed,
                (int)SafetyKind.Processed => SafetyLevel.Processed(checked((int)machines)),
                (int)SafetyKind.Released => SafetyLevel.Released,
                _ => throw new ArgumentOutOfRangeException(nameof(level), level, "There is no such level."),
            };
            if (open.Log.IsReachedAsync(number, safe, open.End).GetAwaiter().GetResult())
                return Status.Ok;
            if (timeout == 0)
                return Status.Timeout;
            using CancellationTokenSource end = Until(open, timeout);
            try
            {
                open.Log.WaitAsync(number, safe, end.Token).GetAwaiter().GetResult();
                return Status.Ok;
            }
            catch (OperationCanceledException) when (!open.End.IsCancellationRequested)
            {
                return Status.Timeout;
            }
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_acknowledge")]
    public static int Acknowledge(nint log, ulong number, NativeError* error)
    {
        return OnLog(log, error, open =>
        {
            open.Log.AcknowledgeAsync(number, open.End).GetAwaiter().GetResult();
            return Status.Ok;
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_get_metadata")]
    public static int GetMetadata(nint log, byte* key, byte* buffer, nuint capacity, nuint* size, NativeError* error)
    {
        if (key is null || size is null || (buffer is null && capacity > 0))
            return Text.Invalid("key, buffer and size are not to be NULL", error);
        return OnLog(log, error, open =>
        {
            *size = 0;
            if (!open.Log.ReadMetadataAsync(open.End).GetAwaiter().GetResult().TryGetValue(Text.Read(key)!, out ReadOnlyMemory<byte> value))
                return Status.None;
            *size = (nuint)value.Length;
            if (*size > capacity)
                return Status.Small;
            value.Span.CopyTo(new Span<byte>(buffer, value.Length));
            return Status.Ok;
        });
    }

    /// <summary>Waits without throwing what the task ended with; <see langword="false"/> when the time is over. Below 0: for ever.</summary>
    internal static bool Wait(Task task, long timeout) =>
        task.IsCompleted || Task.WaitAny([task], timeout < 0 ? Timeout.Infinite : (int)Math.Min(timeout, int.MaxValue), CancellationToken.None) >= 0;

    private static int OnLog(nint log, NativeError* error, Func<OpenLog, int> call) => On(log, "the log is not open", error, static open => open, call);

    private static int OnWriter(nint writer, NativeError* error, Func<OpenWriter, int> call) =>
        On(writer, "the writer is none, or has resigned", error, static open => open.Owner, call);

    /// <summary>One call: what it is on stays open until it has returned, and whatever is thrown becomes a status.</summary>
    private static int On<T>(nint handle, string missing, NativeError* error, Func<T, OpenLog> ownerOf, Func<T, int> call)
        where T : class
    {
        if (Handles.IsForked)
            return Status.Forked;
        if (!Handles.TryGet(handle, out T? open))
            return Text.Invalid(missing, error);
        OpenLog owner = ownerOf(open);
        if (!owner.TryEnter())
            return Text.Fail(new OperationCanceledException(), error);
        try
        {
            return call(open);
        }
        catch (Exception exception)
        {
            return Text.Fail(exception, error);
        }
        finally
        {
            owner.Leave();
        }
    }

    /// <summary>The last call on something: nobody finds it any more, and it has ended when this returns.</summary>
    private static int Finish<T>(nint handle, Action<T> forget)
        where T : class, IAsyncDisposable
    {
        if (Handles.IsForked)
            return Status.Forked;
        if (!Handles.TryTake(handle, out T? open))
            return Status.Invalid;
        try
        {
            forget(open);
            open.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return Status.Ok;
        }
        catch (Exception exception)
        {
            return Text.Fail(exception, null);
        }
    }

    private static CancellationTokenSource Until(OpenLog open, long timeout)
    {
        CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(open.End);
        if (timeout >= 0)
            end.CancelAfter(TimeSpan.FromMilliseconds(Math.Min(timeout, int.MaxValue)));
        return end;
    }

    private static SeguroLogOptions OptionsOf(NativeOptions* given)
    {
        SeguroLogOptions options = new();
        if (given is null)
            return options;
        return new SeguroLogOptions
        {
            Name = Text.Read(given->Name) ?? options.Name,
            Create = (given->Flags & NativeOptions.Create) != 0,
            ReadOnly = (given->Flags & NativeOptions.ReadOnly) != 0,
            IsReal = (given->Flags & NativeOptions.Real) != 0,
            AllowUnsafeSettings = (given->Flags & NativeOptions.AllowUnsafe) != 0,
            Life = given->Life,
            Certificates = Text.Read(given->Certificates),
            Despite = Text.Read(given->Despite)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
            LeaseDuration = given->LeaseMilliseconds > 0 ? TimeSpan.FromMilliseconds(given->LeaseMilliseconds) : options.LeaseDuration,
            Patience = given->PatienceMilliseconds > 0 ? TimeSpan.FromMilliseconds(given->PatienceMilliseconds) : options.Patience,
            MostWaiting = given->MostWaiting > 0 ? (int)Math.Min(given->MostWaiting, int.MaxValue) : options.MostWaiting,
            MostWaitingBytes = given->MostWaitingBytes > 0 ? (long)Math.Min(given->MostWaitingBytes, long.MaxValue) : options.MostWaitingBytes,
        };
    }
}
