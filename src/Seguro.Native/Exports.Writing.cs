using System.Runtime.InteropServices;
using Seguro.Core;
using Seguro.Sdk;

namespace Seguro.Native;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly(EntryPoint = "seguro_campaign")]
    public static int Campaign(nint log, int wait, long timeout, delegate* unmanaged<void*, void> lost, void* context, nint* writer, NativeError* error)
    {
        if (writer is null)
            return Text.Invalid("writer is not to be NULL", error);
        return OnLog(log, error, open =>
        {
            using CancellationTokenSource end = Until(open, wait != 0 ? timeout : -1);
            try
            {
                SeguroWriter won = open.Log.CampaignAsync(wait != 0, end.Token).GetAwaiter().GetResult();
                *writer = open.Add(new OpenWriter(open, won, lost, context));
                return Status.Ok;
            }
            catch (OperationCanceledException) when (!open.End.IsCancellationRequested)
            {
                return Status.Timeout;
            }
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_is_lost")]
    public static int IsLost(nint writer) =>
        Handles.IsForked ? Status.Forked : !Handles.TryGet(writer, out OpenWriter? open) ? Status.Invalid : open.Writer.Lost.IsCancellationRequested ? 1 : 0;

    [UnmanagedCallersOnly(EntryPoint = "seguro_resign")]
    public static int Resign(nint writer) => OpenWriter.IsInCallback ? Status.Invalid : Finish<OpenWriter>(writer, open => open.Owner.Forget(writer));

    [UnmanagedCallersOnly(EntryPoint = "seguro_append")]
    public static int Append(nint writer, ulong first, NativeBytes* events, nuint count, ulong* last, NativeError* error)
    {
        if (events is null && count > 0)
            return Text.Invalid("events is not to be NULL", error);
        return OnWriter(writer, error, open =>
        {
            ulong number = open.Writer.AppendAtAsync(first, CallerBytes.Of(events, count), aside: false).GetAwaiter().GetResult();
            if (last is not null)
                *last = number;
            return Status.Ok;
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_append_async")]
    public static int AppendAsync(
        nint writer, ulong first, NativeBytes* events, nuint count, delegate* unmanaged<void*, int, ulong, NativeError*, void> appended, void* context, NativeError* error)
    {
        if (events is null || count == 0 || appended is null)
            return Text.Invalid("events and appended are not to be NULL, nor count 0", error);
        return OnWriter(writer, error, open =>
        {
            open.Begin(first, CallerBytes.Of(events, count), appended, context);
            return Status.Ok;
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_append_from")]
    public static int AppendFrom(
        nint writer, ulong first, ulong size, delegate* unmanaged<void*, void*, nuint, long> source, void* context, ulong* last, NativeError* error)
    {
        if (source is null)
            return Text.Invalid("source is not to be NULL", error);
        return OnWriter(writer, error, open =>
        {
            CallerSource pieces = new((nint)source, (nint)context, checked((long)size));
            ulong number = open.Writer.AppendAtAsync(first, checked((long)size), pieces.ReadAsync()).GetAwaiter().GetResult();
            if (last is not null)
                *last = number;
            return Status.Ok;
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_release")]
    public static int Release(nint writer, ulong number, NativeError* error)
    {
        return OnWriter(writer, error, open =>
        {
            open.Writer.ReleaseAsync(number, open.Owner.End).GetAwaiter().GetResult();
            return Status.Ok;
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "seguro_set_metadata")]
    public static int SetMetadata(nint writer, byte* key, byte* value, nuint size, NativeError* error)
    {
        if (key is null || (value is null && size > 0))
            return Text.Invalid("key and value are not to be NULL", error);
        return OnWriter(writer, error, open =>
        {
            byte[] copy = new ReadOnlySpan<byte>(value, (int)Math.Min(size, MetadataKey.LargestValue + 1)).ToArray();
            open.Writer.SetMetadataAsync(Text.Read(key)!, copy, open.Owner.End).GetAwaiter().GetResult();
            return Status.Ok;
        });
    }
}
