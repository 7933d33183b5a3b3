using System.Runtime.InteropServices;
using System.Text;
using Seguro.Core;

namespace Seguro.Native;

/// <summary>Text and errors on their way over the border.</summary>
internal static unsafe class Text
{
    /// <summary>A string of the caller's; <see langword="null"/> for NULL.</summary>
    public static string? Read(byte* text) => text is null ? null : Marshal.PtrToStringUTF8((nint)text);

    /// <summary>Writes text with a zero byte after it, cut at a character where it is too long.</summary>
    public static void Write(string text, byte* target, int size)
    {
        Encoding.UTF8.GetEncoder().Convert(text, new Span<byte>(target, size - 1), flush: true, out _, out int used, out _);
        target[used] = 0;
    }

    /// <summary>What an exception means to a C program: its code, and the text where that is wanted.</summary>
    public static int Fail(Exception exception, NativeError* error)
    {
        SeguroException what = exception as SeguroException ?? exception switch
        {
            OperationCanceledException or ObjectDisposedException => new SeguroException(ErrorCode.Interrupted, "the log was closed", "Open it again."),
            ArgumentException or OverflowException => new SeguroException(ErrorCode.BadValue, exception.Message, "Look at the arguments of the call."),
            _ => new SeguroException(ErrorCode.Unexpected, $"{exception.GetType().Name}: {exception.Message}", "Report this."),
        };
        int code = what.Code is ErrorCode.Interrupted ? Status.Closed : (int)what.Code;
        Write(code, what.Message, what.NextStep, error);
        return code;
    }

    /// <summary>A handle that is none, or a NULL.</summary>
    public static int Invalid(string what, NativeError* error)
    {
        Write(Status.Invalid, what, "Look at the arguments of the call.", error);
        return Status.Invalid;
    }

    private static void Write(int code, string what, string nextStep, NativeError* error)
    {
        if (error is null)
            return;
        error->Code = code;
        error->Reserved = 0;
        Write(what, error->What, NativeError.WhatSize);
        Write(nextStep, error->NextStep, NativeError.NextStepSize);
    }
}
