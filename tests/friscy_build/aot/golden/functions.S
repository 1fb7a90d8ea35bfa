# Functions whose translation is kept beside this file: golden.py says how.

        .option norvc
        .text

        .macro  function name
        .globl  \name
        .type   \name, @function
\name:
        .endm
        .macro  done name
        .size   \name, . - \name
        .endm

        # A leaf: no frame, all by value.
        function add_shifted
        slli    a1, a1, 3
        addw    a0, a0, a1
        ret
        done    add_shifted

        # A loop over memory, with a safepoint where it goes back.
        function sum_words
        mv      a2, zero
1:      beqz    a1, 2f
        lw      a3, 0(a0)
        add     a2, a2, a3
        addi    a0, a0, 4
        addi    a1, a1, -1
        j       1b
2:      mv      a0, a2
        ret
        done    sum_words

        # A frame, a direct call of a known function, and a value kept across it.
        function call_twice
        addi    sp, sp, -16
        sd      ra, 8(sp)
        sd      s0, 0(sp)
        mv      s0, a0
        call    add_shifted
        add     a0, a0, s0
        call    add_shifted
        ld      s0, 0(sp)
        ld      ra, 8(sp)
        addi    sp, sp, 16
        ret
        done    call_twice

        # A call through a pointer, in a tail's place.
        function tail_through_pointer
        ld      t1, 16(a0)
        jr      t1
        done    tail_through_pointer

        # A table of relative addresses, with the bound that proves its size.
        function pick
        li      a5, 3
        bgtu    a0, a5, 9f
        slli    a0, a0, 2
        lla     a4, table
        add     a0, a0, a4
        lw      a5, 0(a0)
        add     a5, a5, a4
        jr      a5
5:      li      a0, 50
        ret
6:      li      a0, 60
        ret
7:      li      a0, 70
        j       8f
8:      addi    a0, a0, 1
        ret
9:      li      a0, -1
        ret
        done    pick

        # Float arithmetic, with flags and canonical NaNs.
        function square_distance
        fsub.d  fa0, fa0, fa2
        fsub.d  fa1, fa1, fa3
        fmul.d  fa0, fa0, fa0
        fmadd.d fa0, fa1, fa1, fa0
        ret
        done    square_distance

        # Atomics.
        function take_lock
1:      lr.w.aq a1, (a0)
        bnez    a1, 2f
        li      a2, 1
        sc.w    a3, a2, (a0)
        bnez    a3, 1b
        li      a0, 1
        ret
2:      li      a0, 0
        ret
        done    take_lock

        # A system call in the middle.
        function get_pid_twice
        li      a7, 172
        ecall
        mv      a1, a0
        ecall
        add     a0, a0, a1
        ret
        done    get_pid_twice

        # Two entries into one loop, one of which is copied.
        function irreducible
        beqz    a0, 2f
1:      addi    a1, a1, 1
2:      addi    a1, a1, 2
        addi    a0, a0, -1
        bgtz    a0, 1b
        mv      a0, a1
        ret
        done    irreducible

        # Two entries into one loop that a table leads to: no nesting of blocks has it as it is.
        function entered_by_table
        li      a5, 1
        bgtu    a0, a5, 2f
        slli    a0, a0, 2
        lla     a4, ways
        add     a0, a0, a4
        lw      a5, 0(a0)
        add     a5, a5, a4
        jr      a5
3:      addi    a1, a1, 1
4:      addi    a1, a1, 2
        addi    a2, a2, -1
        bgtz    a2, 3b
2:      mv      a0, a1
        ret
        done    entered_by_table

        # A loop whose turns are done several at a time, in the lanes of vectors.
        function xor_bytes
        add     a2, a0, a2
1:      lbu     a4, 0(a0)
        lbu     a5, 0(a1)
        xor     a4, a4, a5
        sb      a4, 0(a0)
        addi    a0, a0, 1
        addi    a1, a1, 1
        bne     a0, a2, 1b
        ret
        done    xor_bytes

        .section .rodata
        .balign 4
table:  .word   5b - table
        .word   6b - table
        .word   7b - table
        .word   9b - table

        .balign 4
ways:   .word   3b - ways
        .word   4b - ways
