/* What riscv-tests wants of its surroundings, for user mode: the number of the test that failed is the exit status. */
#ifndef RISCV_TEST_H
#define RISCV_TEST_H

#define RVTEST_RV64U
#define RVTEST_RV64UF
#define TESTNUM gp
#define EXIT 93

#define RVTEST_CODE_BEGIN                                                                                              \
    .text;                                                                                                             \
    .globl _start;                                                                                                     \
    _start:                                                                                                            \
    csrwi fcsr, 0;
#define RVTEST_CODE_END
#define RVTEST_PASS                                                                                                    \
    li a0, 0;                                                                                                          \
    li a7, EXIT;                                                                                                       \
    ecall
#define RVTEST_FAIL                                                                                                    \
    mv a0, TESTNUM;                                                                                                    \
    li a7, EXIT;                                                                                                       \
    ecall
#define EXTRA_DATA
#define RVTEST_DATA_BEGIN                                                                                              \
    .align 4;                                                                                                          \
    .globl begin_signature;                                                                                            \
    begin_signature:
#define RVTEST_DATA_END

#endif
